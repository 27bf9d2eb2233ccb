import proxyAddr from '@fastify/proxy-addr';
import { Inject, Injectable } from '@nestjs/common';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { SETTINGS, type Settings } from '../config/settings.js';
import { sendAgain, sendAnew, thisSecond, type Written } from './one-piece.js';
import { ProblemFilter } from './problem.filter.js';
import { securityHeaders } from './security-headers.js';
import { trustedProxies } from './trusted-proxies.js';

/** As much as the framework takes. */
const mostBytes = 64 * 1024;
/** Names that a reader of JSON may trip over: the framework refuses them. */
const suspicious = /__proto__|constructor|\\u/;
const json = 'application/json; charset=utf-8';

/** Who asks, as far as a door looks at the person. */
export interface Visitor {
  ip: string;
}

interface Lane {
  method: string;
  /** What stands in the address around the one parameter. */
  around: [string, string];
  route: string;
  status: number;
  schema: z.ZodType;
  answer: (parameter: string, body: never, visitor: Visitor) => Promise<object>;
  /** By the length of the body. */
  heads: Map<number, Written>;
}

interface Asked {
  lane: Lane;
  parameter: string;
}

/**
 * The few routes through which very many programs come at once, answered before the framework begins its work, which
 * takes more time than theirs. A lane is the method of a door that has a route as well, with its schema and its status.
 * Only what is plain takes it: an address without escapes, JSON of a known length that fits the schema. All else goes
 * the way through the framework as if it had never been looked at, and so gets its refusals from there. Lanes are for
 * routes that are open to everybody: nobody's rights are looked at here.
 */
@Injectable()
export class FastLane {
  private readonly lanes: Lane[] = [];
  private closed = false;
  private readonly headers: Record<string, string>;
  private readonly trusts: (address: string, hop: number) => boolean;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    private readonly problems: ProblemFilter,
  ) {
    this.headers = securityHeaders(settings.PUBLIC_URL);
    this.trusts = trustedProxies(settings);
  }

  /** @param route as the framework knows it, with one parameter */
  open<Body>(
    method: 'POST' | 'PUT',
    route: string,
    status: number,
    schema: z.ZodType<Body>,
    answer: (parameter: string, body: Body, visitor: Visitor) => Promise<object>,
  ): void {
    const [before, after] = route.split(/:\w+/) as [string, string];
    this.lanes.push({ ...{ method, route, status, schema, answer }, around: [before, after], heads: new Map() });
  }

  /** From now on everything goes through the framework, whose hooks may refuse it. */
  close(): void {
    this.closed = true;
  }

  /** @param open whether the server still takes requests: one that stops closes its connections by the framework's answer */
  before(next: RequestListener, open: () => boolean): RequestListener {
    return (request, response) => {
      const length = this.closed || !open() ? null : lengthOf(request);
      const asked = length === null ? null : this.askedOf(request);
      if (!asked) return next(request, response);
      if (length === 0) {
        if (!this.take(asked, {}, request, response)) next(request, response);
        return;
      }
      const pieces: Buffer[] = [];
      let read = 0;
      const hear = (piece: Buffer) => {
        pieces.push(piece);
        read += piece.length;
        if (read < length!) return;
        request.off('data', hear);
        const bytes = pieces.length === 1 ? piece : Buffer.concat(pieces);
        if (this.take(asked, parsed(bytes), request, response)) return;
        // The end has not been told yet: whoever reads after us reads it all.
        request.pause();
        request.unshift(bytes);
        next(request, response);
      };
      request.on('data', hear);
    };
  }

  private askedOf(request: IncomingMessage): Asked | null {
    for (const lane of this.lanes) {
      const parameter = parameterOf(lane, request);
      if (parameter !== '') return { lane, parameter };
    }
    return null;
  }

  /** @returns false if it is not for this lane; then nothing was done */
  private take(asked: Asked, body: unknown, request: IncomingMessage, response: ServerResponse): boolean {
    const checked = asked.lane.schema.safeParse(body);
    if (checked.success) void this.answer(asked, checked.data as never, request, response);
    return checked.success;
  }

  private async answer(
    { lane, parameter }: Asked,
    body: never,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      const said = bodyOf(await lane.answer(parameter, body, { ip: proxyAddr(request, this.trusts) }));
      const [second, head] = [thisSecond(), lane.heads.get(said.length)];
      if (head?.second === second && sendAgain(response, lane.status, head.text + said)) return;
      const text = this.send(response, lane.status, { 'content-type': json }, said);
      if (text !== null) lane.heads.set(said.length, { second, text });
    } catch (error) {
      const { status, headers, details } = this.problems.inJson(error, request.url!, `${lane.method} ${lane.route}`);
      this.send(response, status, headers, bodyOf(details));
    }
  }

  private send(response: ServerResponse, status: number, headers: Record<string, string>, said: string): string | null {
    return sendAnew(response, status, { ...this.headers, ...headers, 'content-length': said.length }, said);
  }
}

/** A character for each byte. */
const bodyOf = (said: object): string => Buffer.from(JSON.stringify(said)).toString('latin1');

/** @returns null if the body is not plain */
function lengthOf({ headers }: IncomingMessage): number | null {
  if (headers['transfer-encoding'] || headers['content-encoding'] || headers.expect) return null;
  const length = Number(headers['content-length'] ?? 0);
  const type = headers['content-type'];
  if (length === 0) return type === undefined ? 0 : null;
  return type === 'application/json' && length <= mostBytes ? length : null;
}

/** @returns '' if the address is another one, or not written in the plain way */
function parameterOf({ method, around: [before, after] }: Lane, request: IncomingMessage): string {
  const url = request.url!;
  if (request.method !== method || !url.startsWith(before) || !url.endsWith(after)) return '';
  const parameter = url.slice(before.length, url.length - after.length);
  return /^[\w-]{1,700}$/.test(parameter) ? parameter : '';
}

/** @returns undefined for what is not JSON, or should be looked at more closely */
function parsed(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  if (suspicious.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
