import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, Parser } from 'yaml';
import type { z } from 'zod';
import { type Place, UnreadableFile } from './import-record.js';
import { lineOf } from './source-file.js';

/** JSON and YAML files, as a list of items that know on which line they start. */
export interface DocumentItem {
  place: Place;
  value: unknown;
}

/**
 * What of an entry is missing or not as expected, in the file's own words: the way to the field, or the entry itself. A
 * list is not written out: it may nest deeper than the stack, or hold itself by an alias.
 */
export const wrongField = (error: z.ZodError, { value }: DocumentItem): string =>
  error.issues[0]!.path.join('.') || (typeof value === 'object' && value !== null ? '[…]' : String(value));

export function readJsonList(text: string, file: string): DocumentItem[] {
  const list = parseJson(text, file);
  if (!Array.isArray(list)) throw new UnreadableFile('not-a-list', { file, line: 1 });
  return itemsOf(list, listLines(text, true).get('') ?? [], file);
}

/** The lists of a JSON object by their names, as Popolo has `persons` beside `memberships`. Whatever is no list is left out. */
export function readJsonLists(text: string, file: string): Map<string, DocumentItem[]> {
  const object = parseJson(text, file);
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    throw new UnreadableFile('not-a-list', { file, line: 1 });
  }
  const lines = listLines(text, false);
  const lists = Object.entries(object).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
  return new Map(lists.map(([name, list]) => [name, itemsOf(list, lines.get(name) ?? [], file)]));
}

function itemsOf(list: unknown[], lines: number[], file: string): DocumentItem[] {
  return list.map((value, i) => ({ place: { file, line: lines[i] ?? null }, value }));
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const position = firstMistake(text);
    const line = lineOf(text, position);
    if (position === text.length) throw new UnreadableFile('cut', { file, line });
    const column = position - text.lastIndexOf('\n', position - 1);
    throw new UnreadableFile('json', { file, line, column });
  }
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

/** The lists of a YAML map by their names, as a file of committees has their members. */
export function readYamlLists(text: string, file: string): Map<string, DocumentItem[]> {
  const lines = new LineCounter();
  const { value, contents } = parseYaml(text, file, lines);
  if (!isMap(contents) || typeof value !== 'object' || value === null) {
    throw new UnreadableFile('not-a-list', { file, line: 1 });
  }
  return new Map(
    contents.items.flatMap(({ key, value: node }) => {
      const name = String(isScalar(key) ? key.value : key);
      const list = (value as Record<string, unknown>)[name];
      if (!isSeq(node) || !Array.isArray(list)) return [];
      return [[name, list.map((item: unknown, i) => ({ place: placeOf(node.items[i], lines, file), value: item }))]];
    }),
  );
}

function placeOf(node: unknown, lines: LineCounter, file: string): Place {
  const start = isNode(node) ? node.range?.[0] : undefined;
  return { file, line: start === undefined ? null : lines.linePos(start).line };
}

/** One YAML document: its value, with the line of each item when it is a list. Aliases are limited by the parser (no "billion laughs"). */
export function readYaml(text: string, file: string): DocumentItem[] {
  const lines = new LineCounter();
  const { value, contents } = parseYaml(text, file, lines);
  if (!Array.isArray(value) || !isSeq(contents)) return [{ place: { file, line: 1 }, value }];
  return value.map((item: unknown, i) => ({ place: placeOf(contents.items[i], lines, file), value: item }));
}

/** Lists and maps within each other; nobody's description of a lawmaker has a tenth of it. */
const deepest = 100;

/** The parser calls itself for each level: a file of brackets alone would end the process, and nothing could catch that. */
function refuseDeep(text: string, file: string): void {
  const lines = new LineCounter();
  const parser = new (class extends Parser {
    override *next(source: string) {
      yield* super.next(source);
      if (this.stack.length > deepest)
        throw new UnreadableFile('yaml-deep', { file, line: lines.linePos(this.offset).line });
    }
  })(lines.addNewLine);
  for (const token of parser.parse(text)) void token;
}

function parseYaml(text: string, file: string, lineCounter: LineCounter): { value: unknown; contents: unknown } {
  try {
    refuseDeep(text, file);
    const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'silent', schema: 'core' });
    const problem = document.errors[0];
    if (problem) {
      const { line, col: column } = lineCounter.linePos(problem.pos[0]);
      throw new UnreadableFile('yaml', { file, line, column });
    }
    return { value: document.toJS({ maxAliasCount: 100 }), contents: document.contents };
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile(error instanceof ReferenceError ? 'yaml-alias' : 'yaml', { file, line: null });
  }
}

/**
 * The lines on which the elements of lists start, by the name of the list: of the outermost array (named ''), or of the
 * arrays in the outermost object. JSON.parse keeps no positions.
 */
function listLines(text: string, outermost: boolean): Map<string, number[]> {
  const lists = new Map<string, number[]>();
  const listDepth = outermost ? 1 : 2;
  let name = '';
  let line = 1;
  let depth = 0;
  let expecting = false;
  for (let i = 0; i < text.length; i++) {
    const mark = text[i]!;
    if (mark === '\n') line++;
    if (/\s/.test(mark)) continue;
    if (expecting && mark !== ']') {
      lists.get(name)?.push(line);
      expecting = false;
    }
    if (mark === '"') {
      const start = i;
      for (i++; text[i] !== '"' && i < text.length; i++) if (text[i] === '\\') i++;
      // At depth 1 of an object, the last string before an array is the array's name.
      if (!outermost && depth === 1) name = JSON.parse(text.slice(start, i + 1)) as string;
    } else if (mark === '[' || mark === '{') {
      if (++depth !== listDepth) continue;
      expecting = mark === '[';
      if (expecting) lists.set(name, []);
    } else if (mark === ']' || mark === '}') {
      if (depth-- === listDepth) expecting = false;
    } else if (mark === ',' && depth === listDepth) expecting = lists.has(name);
  }
  return lists;
}
