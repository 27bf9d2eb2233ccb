import { CsvError, parse } from 'csv-parse/sync';
import { type Notebook, type Place, UnreadableFile } from './import-record.js';
import { plainLine } from './plain-text.js';

export interface CsvRow {
  place: Place;
  cells: Record<string, string>;
}

export interface CsvTable {
  headers: string[];
  rows: CsvRow[];
}

/** The delimiter that splits the first line into most cells. */
export function delimiterOf(text: string): string {
  const header = text.slice(0, text.indexOf('\n') >>> 0);
  const count = (mark: string) => header.split(mark).length;
  return [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

/**
 * Reads CSV text with a header line. A quote that never closes, or a last line that stops before its last column, means the
 * file was cut: it is refused whole. A row of another width inside the file is rejected alone, with its line.
 */
export function readCsv(text: string, file: string, notebook: Notebook): CsvTable {
  const [header, ...records] = parseRecords(text, file);
  const headers = header!.cells.map(plainLine);
  const twice = headers.find((name, i) => name && headers.indexOf(name) !== i);
  if (twice) throw new UnreadableFile('column-twice', { file, line: 1 }, twice);
  if (headers.filter(Boolean).length < 2) throw new UnreadableFile('no-header', { file, line: 1 }, text.slice(0, 80));
  const rows: CsvRow[] = [];
  for (const [i, { line, cells }] of records.entries()) {
    const place = { file, line };
    if (cells.every((cell) => !cell.trim())) continue;
    if (cells.length < headers.length && i === records.length - 1 && !text.endsWith('\n')) {
      throw new UnreadableFile('cut', place, cells.join(','));
    }
    if (cells.length !== headers.length && cells.slice(headers.length).some((cell) => cell.trim())) {
      notebook.add(place, 'rejected', 'too-many-cells', cells.join(','));
    } else if (cells.length < headers.length) {
      notebook.add(place, 'rejected', 'too-few-cells', cells.join(','));
    } else {
      rows.push({ place, cells: Object.fromEntries(headers.map((name, at) => [name, cells[at] ?? ''])) });
    }
  }
  if (!text.endsWith('\n')) {
    notebook.add({ file, line: records.at(-1)?.line ?? 1 }, 'noticed', 'no-line-end', '');
  }
  return { headers, rows };
}

export function csvHeaders(text: string, file: string): string[] {
  return csvSample(text, file, 1)[0]!;
}

/** The first records as they stand, the header line first. */
export function csvSample(text: string, file: string, records: number): string[][] {
  return parseRecords(text, file, records).map(({ cells }) => cells.map(plainLine));
}

function parseRecords(text: string, file: string, to?: number): { line: number; cells: string[] }[] {
  try {
    const parsed = parse(text, {
      delimiter: delimiterOf(text),
      info: true,
      relax_column_count: true,
      record_delimiter: '\n',
      max_record_size: 100_000,
      to,
    }) as unknown as { info: { lines: number }; record: string[] }[];
    let end = 0;
    return parsed.map(({ info, record }) => {
      const line = end + 1;
      end = info.lines;
      return { line, cells: record };
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? error['lines'] : null;
    const code = error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'cut' : 'csv';
    throw new UnreadableFile(code, { file, line });
  }
}
