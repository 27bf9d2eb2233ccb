import { SaxesParser } from 'saxes';
import { type Place, UnreadableFile } from './import-record.js';

/** One element that repeats, as a flat record: the text of its children by their names. */
export interface XmlRecord {
  place: Place;
  cells: Record<string, string>;
}

/** Lists of members are three elements deep; whatever is deeper is no list of members. */
const deepest = 8;

/**
 * Reads the repeated elements of an XML file. Nothing but text is read: a document type declaration, which entities and
 * their expansion need, is refused, and so is what nests deeper than any list does.
 * @throws UnreadableFile with the line where the file is not well-formed, was cut, or holds no such element
 */
export function readXmlRecords(text: string, file: string, element: string): XmlRecord[] {
  const records: XmlRecord[] = [];
  const open: string[] = [];
  let record: XmlRecord | null = null;
  let words = '';
  let ended = false;
  const parser = new SaxesParser({ position: true });
  const refuse = (code: string, detail = '', line = parser.line, column?: number): never => {
    throw new UnreadableFile(code, { file, line, column }, detail);
  };
  parser.on('error', () => {
    if (ended) refuse('cut');
    else refuse('xml', '', parser.line, parser.column);
  });
  parser.on('doctype', () => refuse('xml-doctype'));
  parser.on('opentag', ({ name, isSelfClosing }) => {
    if (open.push(name) > deepest) refuse('xml-deep');
    if (name === element && !isSelfClosing) record = { place: { file, line: parser.line }, cells: Object.create(null) };
    words = '';
  });
  const take = (piece: string) => void (words += piece);
  parser.on('text', take);
  parser.on('cdata', take);
  parser.on('closetag', ({ name }) => {
    open.pop();
    if (record && name === element) {
      records.push(record);
      record = null;
    } else if (record && open.at(-1) === element) record.cells[name] ??= words.trim();
    words = '';
  });
  parser.write(text);
  ended = true;
  parser.close();
  if (records.length === 0) refuse('xml-no-members', element, 1);
  return records;
}

/** Whether the text is XML with this element right at its beginning. */
export function looksLikeXml(text: string, root: string, element: string): boolean {
  return new RegExp(`^\\s*(?:<\\?xml[^>]*>\\s*)?<${root}[\\s>][^]{0,2000}?<${element}[\\s>]`).test(text.slice(0, 5000));
}
