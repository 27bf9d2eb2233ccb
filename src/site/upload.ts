import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { basename } from 'node:path';
import { Problem, problems } from './problem.js';

/** Files that were sent, with the fields beside them. */
export interface Upload {
  fields: Record<string, string>;
  sources: { name: string; bytes: Uint8Array }[];
}

type Part = MultipartFile | MultipartValue;
type Uploading = FastifyRequest & { filesToCome?: AsyncIterator<Part> & { first?: MultipartFile } };

const endings: Record<string, string> = {
  'text/csv': 'csv',
  'application/yaml': 'yml',
  'application/x-yaml': 'yml',
  'text/yaml': 'yml',
  'application/xml': 'xml',
  'text/xml': 'xml',
};
const rawTypes = [...Object.keys(endings), 'application/octet-stream', 'image/png', 'image/jpeg', 'image/webp'];
const formRoute =
  /^\/[a-z]+\/console\/(lawmakers\/imports|letters\/[0-9a-f-]{36}\/attachments|petitions\/[a-z0-9-]+\/picture|settings\/logo)$/;
/** Control and direction characters, halves of others; joiners stay, Persian needs them. */
const unseen = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
const apiRoute = '/api/v1/lawmaker-imports';

/**
 * Teaches Fastify to leave the bodies of uploads unread until a door asks for them, so that nobody without the right can
 * make the server hold a file. Of a form, the fields before the first file are read at once: the guard needs `_csrf`.
 */
export function prepareUploads(fastify: FastifyInstance): void {
  for (const type of rawTypes) fastify.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  fastify.addHook('onRequest', (request, _reply, done) => {
    // Nest reads JSON bodies early and small; a lawmaker file is neither.
    if (pathOf(request) === apiRoute && /^application\/json\b/.test(request.headers['content-type'] ?? '')) {
      request.headers['content-type'] = 'application/octet-stream';
    }
    done();
  });
  fastify.addHook('preValidation', async (request: Uploading) => {
    if (!formRoute.test(pathOf(request)) || !request.isMultipart()) return;
    const fields: Record<string, string> = {};
    const parts: NonNullable<Uploading['filesToCome']> = partsOf(request);
    for (let next = await parts.next(); !next.done; next = await parts.next()) {
      if (next.value.type === 'file') {
        parts.first = next.value;
        break;
      }
      fields[next.value.fieldname] = String(next.value.value);
    }
    request.filesToCome = parts;
    request.body = fields;
  });
}

/** Reads an upload, as a form or as a raw body. @throws Problem `too-large` before more than `limit` bytes are held */
export async function readUpload(request: FastifyRequest, limit: number): Promise<Upload> {
  if (!request.isMultipart()) return readRaw(request, limit);
  const { filesToCome } = request as Uploading;
  const upload: Upload = { fields: { ...(request.body as Record<string, string> | undefined) }, sources: [] };
  const parts = filesToCome ?? partsOf(request);
  let room = limit;
  const take = async (part: Part) => {
    if (part.type === 'field') {
      upload.fields[part.fieldname] = String(part.value);
      return;
    }
    const bytes = await readLimited(part.file, room);
    room -= bytes.length;
    // A file field that was left empty arrives as a file without name and content.
    if (part.filename || bytes.length) upload.sources.push({ name: fileName(part.filename), bytes });
  };
  if (filesToCome?.first) await take(filesToCome.first);
  for (let next = await parts.next(); !next.done; next = await parts.next()) await take(next.value);
  return upload;
}

async function readRaw(request: FastifyRequest, limit: number): Promise<Upload> {
  const body = request.body as (AsyncIterable<Buffer> & { pipe?: unknown }) | null;
  if (!body?.pipe)
    throw problems.badRequest(
      'Send a file: multipart/form-data, text/csv, application/yaml, application/xml or application/json.',
    );
  if (Number(request.headers['content-length'] ?? 0) > limit) throw problems.tooLarge();
  const query = request.query as Record<string, string>;
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim();
  const bytes = await readLimited(body, limit);
  const name = fileName(query['filename'] ?? `upload.${endings[type] ?? 'json'}`);
  return { fields: query, sources: bytes.length ? [{ name, bytes }] : [] };
}

async function readLimited(stream: AsyncIterable<Buffer>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > limit) throw problems.tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    throw asRefusal(error);
  }
  return Buffer.concat(chunks);
}

async function* partsOf(request: FastifyRequest): AsyncGenerator<Part> {
  try {
    yield* request.parts();
  } catch (error) {
    throw asRefusal(error);
  }
}

/** What the parser says about a form that stops in the middle has no status of its own: it is the sender's mistake. */
function asRefusal(error: unknown): unknown {
  const known = error instanceof Problem || (error as { statusCode?: number }).statusCode;
  return known ? error : problems.badRequest('The upload is incomplete.');
}

function fileName(name: string | undefined): string {
  return (
    basename(name ?? '')
      .replaceAll(unseen, ' ')
      .normalize('NFC')
      .trim()
      .slice(0, 120) || 'file'
  );
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?')[0]!;
}
