import { Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SETTINGS, type Settings } from '../config/settings.js';
import { problems } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { Vault } from '../vault/vault.service.js';
import { mostBytes, Returns } from './returns.service.js';

const seconds = 300;

export const TakenReturn = z.object({
  taken: z
    .enum(['recorded', 'known', 'nothing'])
    .describe('nothing: it says nothing about a letter of this server, and nothing changed'),
});

/** Leaves the body unread until the door has seen the signature's time. */
export function prepareReturns(fastify: FastifyInstance): void {
  fastify.addContentTypeParser('message/rfc822', (_request, payload, done) => done(null, payload));
}

/** For providers and scripts that post what came back. Whoever knows the secret may; the return address must be right besides. */
@ApiTags('returns')
@Public()
@Controller('api/v1/returns')
export class ReturnsApi {
  constructor(
    private readonly returns: Returns,
    private readonly vault: Vault,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Takes one mail (message/rfc822) addressed to a return address. `countersign-timestamp`: seconds since 1970, at most
   * 5 minutes off; `countersign-signature`: HMAC-SHA-256 in hex, by RETURN_WEBHOOK_SECRET, over the timestamp, a dot and
   * the body. 404 while no secret is set.
   */
  @Post()
  @HttpCode(200)
  @ApiConsumes('message/rfc822')
  @ApiOkResponse({ standardSchema: TakenReturn })
  async take(@Req() request: FastifyRequest) {
    const secret = this.settings.RETURN_WEBHOOK_SECRET;
    if (!secret) throw problems.notFound();
    const time = String(request.headers['countersign-timestamp'] ?? '');
    if (!/^\d{1,12}$/.test(time) || Math.abs(Date.now() / 1000 - Number(time)) > seconds) throw refusal();
    const raw = await readBody(request);
    const proof = String(request.headers['countersign-signature'] ?? '');
    if (!this.vault.isSignedWith(secret, Buffer.concat([Buffer.from(`${time}.`), raw]), proof)) throw refusal();
    return { taken: await this.returns.take({ raw, source: 'webhook' }) };
  }
}

/** The same for a wrong time and a wrong signature. */
const refusal = () => problems.unauthenticated('The signature or its time is not right.');

async function readBody(request: FastifyRequest): Promise<Buffer> {
  const body = request.body as (AsyncIterable<Buffer> & { pipe?: unknown }) | null;
  if (!body?.pipe) throw problems.badRequest('Send the mail itself as message/rfc822.');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > mostBytes) throw problems.tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
