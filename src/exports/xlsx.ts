import { writeXlsxStream } from 'hucre/xlsx';
import { Readable } from 'node:stream';
import { plainCell } from '../site/csv.js';

export const xlsxType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/**
 * A workbook with one sheet, written as rows come: constant memory. No text of it is a formula, here or after somebody has
 * saved it as something else.
 */
export function xlsx(sheet: string, columns: string[], rows: AsyncIterable<(string | number | null)[]>): Readable {
  async function* plain() {
    for await (const row of rows) yield row.map((cell) => (typeof cell === 'string' ? plainCell(cell) : cell));
  }
  const headed = columns.map((header) => ({ header, width: 16 }));
  const stream = writeXlsxStream(plain(), { name: sheet, columns: headed, freezePane: { rows: 1 } });
  return Readable.fromWeb(stream);
}
