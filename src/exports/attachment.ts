import { StreamableFile } from '@nestjs/common';
import type { CountFormat } from './exports.schema.js';
import { xlsxType } from './xlsx.js';

type Content = ConstructorParameters<typeof StreamableFile>[0];

const types: Record<CountFormat, string> = {
  csv: 'text/csv; charset=utf-8',
  xlsx: xlsxType,
  json: 'application/json',
};

/** A stream that the browser saves under this name. */
export const attachment = (stream: Content, type: string, name: string) =>
  new StreamableFile(stream as never, { type, disposition: `attachment; filename="${name}"` });

export const countsAttachment = (stream: Content, format: CountFormat, name: 'counts' | 'paper' = 'counts') =>
  attachment(stream, types[format], `${name}.${format}`);
