import { Injectable } from '@nestjs/common';
import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, ServerResponse } from 'node:http';
import { sendAgain, sendAnew, thisSecond, type Written } from './one-piece.js';

/** Larger answers are rare, and not worth the memory. */
const largest = 256 * 1024;
const mostBytes = 16 * 1024 * 1024;
/** What an answer takes besides its body and its key: mostly its headers. */
const besides = 4 * 1024;
/** Headers of one connection, or of one moment. */
const ofTheMoment = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date']);

interface Answer {
  headers: OutgoingHttpHeaders;
  etag: string | undefined;
  /** A character for each byte. */
  body: string;
  /** With the head that Node wrote in this second, as one string. */
  whole: Written | null;
  /** Milliseconds since 1970: until then it is fresh, and until then it may be given while a new one is made. */
  freshUntil: number;
  staleUntil: number;
  renewing: boolean;
}

/**
 * Answers that are the same for everybody, kept for as long as their own `Cache-Control` allows ("public, max-age",
 * RFC 9111; "stale-while-revalidate", RFC 5861) and given before the framework begins its work. One request at a time
 * renews an answer, the others need not wait for it. Whatever may differ between visitors passes by: cookies, queries,
 * ranges, everything that is not a plain GET.
 */
@Injectable()
export class AnswerCache {
  private answers = new Map<string, Answer>();
  private bytes = 0;

  /** Something has changed that answers speak of: the next request for each makes it anew. */
  expire(): void {
    for (const answer of this.answers.values()) answer.freshUntil = 0;
  }

  /** @param open whether the server still takes requests: one that stops closes its connections by the framework's answer */
  before(next: RequestListener, open: () => boolean): RequestListener {
    return (request, response) => {
      const key = open() ? keyOf(request) : null;
      if (key === null) return next(request, response);
      const answer = this.answers.get(key);
      const now = Date.now();
      if (answer && (now < answer.freshUntil || (answer.renewing && now < answer.staleUntil))) {
        return give(answer, request, response);
      }
      if (answer) answer.renewing = true;
      response.once('close', () => answer && (answer.renewing = false));
      listen(response, (status, headers, body) => this.keep(key, status, headers, body));
      // Whoever renews it gets it whole: "not modified" could not be kept, and each visitor who has it would be a rendering.
      delete request.headers['if-none-match'];
      next(request, response);
    };
  }

  private keep(key: string, status: number, headers: OutgoingHttpHeaders, body: Buffer): void {
    const seconds = status === 200 ? lifetime(headers) : null;
    this.bytes -= costOf(key, this.answers.get(key)?.body);
    this.answers.delete(key);
    if (!seconds) return;
    const [fresh, stale] = seconds;
    const kept = Object.entries(headers).filter(([name]) => !ofTheMoment.has(name));
    const cost = costOf(key, body);
    this.bytes += cost;
    if (this.bytes > mostBytes) {
      this.answers = new Map();
      this.bytes = cost;
    }
    const now = Date.now();
    this.answers.set(key, {
      headers: { ...Object.fromEntries(kept), 'content-length': body.length },
      etag: headers.etag?.toString(),
      body: body.toString('latin1'),
      whole: null,
      freshUntil: now + fresh * 1000,
      staleUntil: now + (fresh + stale) * 1000,
      renewing: false,
    });
  }
}

/** A visitor can ask for the same small answer in thousands of encodings: the key counts too. The body may be there twice. */
const costOf = (key: string, body: { length: number } | undefined) =>
  body ? 2 * body.length + key.length + besides : 0;

/** @returns null if the answer may be for this visitor alone */
function keyOf({ method, url = '', headers }: IncomingMessage): string | null {
  if (method !== 'GET' || !url.startsWith('/') || url.includes('?')) return null;
  if (headers.cookie || headers.authorization || headers.range || headers['if-modified-since']) return null;
  if (headers['content-length'] || headers['transfer-encoding']) return null;
  return `${headers['accept-encoding'] ?? ''} ${url}`;
}

function give(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  const { headers, etag, body, whole } = answer;
  if (etag !== undefined && request.headers['if-none-match'] === etag) {
    const { 'content-length': _, 'content-type': __, 'content-encoding': ___, ...rest } = headers;
    response.writeHead(304, rest).end();
    return;
  }
  const second = thisSecond();
  if (whole?.second === second && sendAgain(response, 200, whole.text)) return;
  const head = sendAnew(response, 200, headers, body);
  // There and back makes one string of the pieces.
  if (head !== null) answer.whole = { second, text: Buffer.from(head + body, 'latin1').toString('latin1') };
}

/** @returns seconds fresh and seconds stale, or null if it is not for everybody */
function lifetime(headers: OutgoingHttpHeaders): [number, number] | null {
  const control = headers['cache-control']?.toString() ?? '';
  const fresh = /^public, max-age=(\d+)/.exec(control);
  // Files that never change are read from the disk, not held here.
  if (!fresh || control.includes('immutable') || headers['set-cookie']) return null;
  if (headers.vary && headers.vary.toLowerCase() !== 'accept-encoding') return null;
  return [Number(fresh[1]), Number(/stale-while-revalidate=(\d+)/.exec(control)?.[1] ?? 0)];
}

/** Hears what goes out, and tells it when all of it has. */
function listen(
  response: ServerResponse,
  tell: (status: number, headers: OutgoingHttpHeaders, body: Buffer) => void,
): void {
  const pieces: Buffer[] = [];
  let written: OutgoingHttpHeaders = {};
  let length = 0;
  const hear = ([piece, encoding]: unknown[]) => {
    if (typeof piece !== 'string' && !(piece instanceof Uint8Array)) return;
    const bytes = typeof piece === 'string' ? Buffer.from(piece, encoding as BufferEncoding) : Buffer.from(piece);
    length += bytes.length;
    if (length <= largest) pieces.push(bytes);
  };
  const before = (name: 'writeHead' | 'write' | 'end', look: (given: unknown[]) => void) => {
    const method = response[name] as (...given: unknown[]) => unknown;
    const heard = (...given: unknown[]) => {
      look(given);
      return Reflect.apply(method, response, given);
    };
    Object.assign(response, { [name]: heard });
  };
  before('writeHead', (given) => {
    const headers = given.at(-1);
    if (typeof headers === 'object' && headers !== null) written = headers as OutgoingHttpHeaders;
  });
  before('write', hear);
  before('end', hear);
  response.once('finish', () => {
    if (length <= largest) tell(response.statusCode, { ...response.getHeaders(), ...written }, Buffer.concat(pieces));
  });
}
