import { LineCounter, parseDocument } from 'yaml';
import { type Place, UnreadableFile } from './import-record.js';
import { lineOf } from './source-file.js';

/** JSON and YAML files, as a list of items that know on which line they start. */
export interface DocumentItem {
  place: Place;
  value: unknown;
}

export function readJsonList(text: string, file: string): DocumentItem[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    const position = firstMistake(text);
    const code = position === text.length ? 'cut' : 'json';
    throw new UnreadableFile(code, { file, line: lineOf(text, position) }, (error as Error).message);
  }
  if (!Array.isArray(list)) throw new UnreadableFile('not-a-list', { file, line: 1 });
  const lines = itemLines(text);
  return list.map((value: unknown, i) => ({ place: { file, line: lines[i] ?? null }, value }));
}

/**
 * Where JSON stops being the beginning of good JSON: the end of the text if only the rest is missing. The parser tells the
 * position only sometimes, but always whether it met a mistake or the end, so the longest unfinished beginning is searched.
 */
function firstMistake(text: string): number {
  let unfinished = 0;
  let mistaken = text.length + 1;
  while (mistaken - unfinished > 1) {
    const middle = Math.floor((unfinished + mistaken) / 2);
    if (isUnfinished(text.slice(0, middle))) unfinished = middle;
    else mistaken = middle;
  }
  return unfinished;
}

function isUnfinished(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = /position (\d+)/.exec(message)?.[1];
    return /end of JSON|unterminated/i.test(message) || Number(position) >= text.length;
  }
}

/** One YAML document: its value, with the line of each item when it is a list. Aliases are limited by the parser (no "billion laughs"). */
export function readYaml(text: string, file: string): DocumentItem[] {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
      schema: 'core',
    });
    const problem = document.errors[0];
    if (problem) throw new UnreadableFile('yaml', { file, line: lines.linePos(problem.pos[0]).line }, problem.message);
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (!Array.isArray(value)) return [{ place: { file, line: 1 }, value }];
    const nodes = (document.contents as unknown as { items: { range?: [number, number, number] | null }[] }).items;
    return value.map((item: unknown, i) => {
      const start = nodes[i]?.range?.[0];
      return { place: { file, line: start === undefined ? null : lines.linePos(start).line }, value: item };
    });
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile('yaml', { file, line: null }, (error as Error).message);
  }
}

/** The lines on which the elements of the outermost array start: JSON.parse keeps no positions. */
function itemLines(text: string): number[] {
  const lines: number[] = [];
  let line = 1;
  let depth = 0;
  let expecting = false;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const mark = text[i]!;
    if (mark === '\n') line++;
    if (inString) {
      if (mark === '\\') i++;
      else if (mark === '"') inString = false;
      continue;
    }
    if (/\s/.test(mark)) continue;
    if (expecting && mark !== ']') {
      lines.push(line);
      expecting = false;
    }
    if (mark === '"') inString = true;
    else if (mark === '[' || mark === '{') {
      if (depth++ === 0) expecting = true;
    } else if (mark === ']' || mark === '}') depth--;
    else if (mark === ',' && depth === 1) expecting = true;
  }
  return lines;
}
