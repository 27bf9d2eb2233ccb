import { StreamableFile } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { AttachmentFile } from './attachment-file.js';

/** A file as an answer that a browser saves and never runs: nothing in it acts on this site, whatever it turns out to be. */
export function sendAttachment({ name, type, content }: AttachmentFile, reply: FastifyReply): StreamableFile {
  reply.headers({
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-store',
  });
  const plain = name.replaceAll(/[^\w. -]/g, '_');
  const encoded = encodeURIComponent(name).replaceAll(/['()*]/g, (each) => `%${each.charCodeAt(0).toString(16)}`);
  return new StreamableFile(content, {
    type: type === 'text/plain' ? 'text/plain; charset=utf-8' : type,
    disposition: `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`,
  });
}
