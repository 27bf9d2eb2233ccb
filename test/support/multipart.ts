import type { SourceFile } from '../../src/lawmakers/importers/source-file.js';

/** A form with files, in bytes as a browser sends it: fields first. */
export async function multipart(fields: Record<string, string>, files: SourceFile[]) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const { name, bytes } of files) form.append('file', new Blob([Uint8Array.from(bytes)]), name);
  const sent = new Response(form);
  return {
    payload: Buffer.from(await sent.arrayBuffer()),
    headers: { 'content-type': sent.headers.get('content-type')! },
  };
}
