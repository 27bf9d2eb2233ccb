import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  StreamableFile,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { canonicalJson } from '../site/canonical-json.js';
import { asProblem, problems } from '../site/problem.js';
import { KeptAnswers, type KeyedRequest } from './kept-answers.service.js';
import type { StaffRequest } from './staff-request.js';

/** A string of RFC 8941, or the same without its quotation marks. */
const wellFormed = /^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255}))$/;

/**
 * POST of a program with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) is done once a day: sent again, it
 * is given the same answer. A refusal is not kept, for nothing was done; nor is a file, which is made anew.
 */
@Injectable()
export class Idempotency implements NestInterceptor {
  constructor(private readonly answers: KeptAnswers) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = keyed(http.getRequest<StaffRequest>());
    return request ? from(this.once(request, http.getResponse<FastifyReply>(), next)) : next.handle();
  }

  private async once(request: KeyedRequest, reply: FastifyReply, next: CallHandler): Promise<unknown> {
    const before = await this.answers.take(request);
    if (before) {
      if (before.location) reply.header('location', before.location);
      return before.body ?? undefined;
    }
    let body: unknown;
    try {
      body = await lastValueFrom(next.handle(), { defaultValue: undefined });
    } catch (error) {
      // What nobody foresaw may have been done half: then it is safer not to do it again unasked.
      if (asProblem(error).code !== 'internal') await this.answers.release(request);
      throw error;
    }
    if (body instanceof StreamableFile) await this.answers.release(request);
    else await this.answers.keep(request, { body: body ?? null, location: header(reply, 'location') });
    return body;
  }
}

/** @returns null for what has no key, or is not read yet: uploads @throws Problem bad-request */
function keyed(request: StaffRequest): KeyedRequest | null {
  const given = request.headers['idempotency-key'];
  const { actor, method, url, body } = request;
  if (given === undefined || method !== 'POST' || actor?.kind !== 'token' || isUpload(request)) return null;
  const [, quoted, bare] = wellFormed.exec(String(given)) ?? [];
  const key = quoted ?? bare;
  if (!key) throw problems.badRequest('Idempotency-Key: 1 to 255 visible characters, in quotation marks.');
  return { tokenId: actor.id, key, content: `${method} ${url}\n${canonicalJson(body ?? null)}` };
}

function isUpload({ body, headers }: StaffRequest): boolean {
  const stream = typeof (body as { pipe?: unknown } | null | undefined)?.pipe === 'function';
  return stream || /^multipart\//i.test(headers['content-type'] ?? '');
}

function header(reply: FastifyReply, name: string): string | null {
  const value = reply.getHeader(name);
  return typeof value === 'string' ? value : null;
}
