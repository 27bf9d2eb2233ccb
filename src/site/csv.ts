import { StreamableFile } from '@nestjs/common';
import { stringify } from 'csv-stringify/sync';

/**
 * Text that a spreadsheet will not take for a formula (OWASP, "CSV Injection"): a leading =, +, -, @ (full-width too), tab, line feed or carriage
 * return gets an apostrophe in front. Numbers that we made ourselves need not pass here.
 */
export const plainCell = (text: string): string => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text);

/** A small table as a file that every spreadsheet reads as UTF-8 (RFC 4180 with a byte order mark). @param name of the file, in ASCII */
export function csvFile(columns: string[], rows: (string | number)[][], name: string): StreamableFile {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? plainCell(cell) : cell)));
  const text = stringify(cells, { header: true, columns, bom: true, record_delimiter: 'windows' });
  return new StreamableFile(Buffer.from(text), {
    type: 'text/csv; charset=utf-8',
    disposition: `attachment; filename="${name}"`,
  });
}
