import type { FastifyReply } from 'fastify';

/**
 * Tells where the next page is (RFC 8288): the same address with another cursor.
 * @param cursor name and value of the parameter; no value: this is the last page
 */
export function linkNext(reply: FastifyReply, name: string, cursor: string | number | null | undefined): void {
  if (cursor === null || cursor === undefined) return;
  const [path, query] = reply.request.url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set(name, String(cursor));
  reply.header('link', `<${path}?${parameters.toString()}>; rel="next"`);
}
