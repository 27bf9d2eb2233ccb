import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

// To put twenty headers together, and the pieces of an answer into one, takes a fifth of an answer that is ready. So what
// Node wrote once in this second, its date and all, is sent again as it is.

/** Something that can be sent again in this second: seconds since 1970. */
export interface Written {
  second: number;
  text: string;
}

/** Node keeps the head of an answer here, as the text that goes out, from when it is written. */
type WithHead = ServerResponse & { _header?: string | null };

export const thisSecond = (): number => Math.floor(Date.now() / 1000);

/**
 * Sends a head and its body as they are. Not if the connection ends with this answer, which needs a head of its own, nor if
 * Node no longer keeps heads where it did.
 * @param text a character for each byte
 * @returns whether it was sent
 */
export function sendAgain(response: WithHead, status: number, text: string): boolean {
  if (!response.shouldKeepAlive || response._header !== null) return false;
  response.statusCode = status;
  response._header = text;
  response.end();
  return true;
}

/**
 * Sends an answer the plain way.
 * @param body a character for each byte
 * @returns its head, to be sent again; null if it is for this connection alone
 */
export function sendAnew(
  response: WithHead,
  status: number,
  headers: OutgoingHttpHeaders,
  body: string,
): string | null {
  response.writeHead(status, headers);
  const head = response.shouldKeepAlive ? response._header : null;
  response.end(body, 'latin1');
  return typeof head === 'string' ? head : null;
}
