/** Bytes of a row as PostgreSQL's driver gives them; the embedded database gives plain ones. */
export const asBuffer = (bytes: Uint8Array | null): Buffer | null =>
  bytes === null || Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
