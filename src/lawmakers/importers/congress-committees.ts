import { z } from 'zod';
import { readCsv } from './csv-rows.js';
import { type DocumentItem, readJsonList, readJsonLists, readYaml, readYamlLists } from './document-items.js';
import { personIdentifiers } from './identifier-schemes.js';
import { type ImportedFile, type ImportedSeatInGroup, Notebook, type Place, UnreadableFile } from './import-record.js';
import { plainLine } from './plain-text.js';
import { readText, type SourceFile } from './source-file.js';

/**
 * unitedstates/congress-legislators: `committee-membership-current` as YAML, JSON or CSV, and beside it, if given,
 * `committees-current`, which has the names. Members are named by their Bioguide identifier.
 */

const legislature = { slug: 'us-congress', name: 'United States Congress', country: 'US' };
const text = z.union([z.string(), z.number()]).nullish().catch(null);
const Member = z.looseObject({ bioguide: text, name: text, title: text });
const Committee = z.looseObject({
  name: text,
  thomas_id: text,
  subcommittees: z
    .array(z.looseObject({ name: text, thomas_id: text }).catch({ name: null, thomas_id: null }))
    .catch([]),
});
const columns = ['bioguide', 'name', 'committee_id', 'committee_name', 'title'];
const code = /^[A-Z]{4}\d{0,2}$/;

export function looksLikeCommitteeCsv(headers: string[]): boolean {
  return columns.every((column) => headers.includes(column));
}

/** Told by any of the files: the names may come first. */
export function looksLikeCommittees(content: string): boolean {
  const start = content.slice(0, 4000);
  return /^\s*(?:---\s+|\{\s*)?"?[A-Z]{4}\d{0,2}"?:\s*\[?\s*(?:- |\{)/.test(start) && /"?bioguide"?:/.test(start);
}

export function looksLikeCommitteeNames(content: string): boolean {
  return /"?thomas_id"?:/.test(content.slice(0, 4000));
}

export function importCongressCommittees(sources: SourceFile[]): ImportedFile {
  const notebook = new Notebook();
  const names = new Map<string, string>();
  const committees: ImportedSeatInGroup[] = [];
  const lists: [source: SourceFile, content: string][] = [];
  for (const source of sources) {
    const content = readText(source);
    if (!looksLikeCommittees(content) && looksLikeCommitteeNames(content)) readNames(source, content, names);
    else lists.push([source, content]);
  }
  for (const [source, content] of lists) {
    const structured = /^\s*\{/.test(content) || /\.ya?ml$/i.test(source.name) || looksLikeCommittees(content);
    const found = structured ? readLists(source, content, names, notebook) : readTable(source, content, notebook);
    committees.push(...found);
  }
  if (lists.length === 0) {
    throw new UnreadableFile('no-committee-members', { file: sources[0]!.name, line: null });
  }
  return { people: [], notes: notebook.notes, spared: [], committees, legislature };
}

function readNames(source: SourceFile, content: string, names: Map<string, string>): void {
  const items = /^\s*\[/.test(content) ? readJsonList(content, source.name) : readYaml(content, source.name);
  for (const { value } of items) {
    const parsed = Committee.safeParse(value).data;
    const [id, name] = [plainLine(parsed?.thomas_id), plainLine(parsed?.name)];
    if (!parsed || !id || !name) continue;
    names.set(id, name);
    for (const sub of parsed.subcommittees) {
      if (plainLine(sub.name)) names.set(`${id}${plainLine(sub.thomas_id)}`, `${name}: ${plainLine(sub.name)}`);
    }
  }
}

function readLists(source: SourceFile, content: string, names: Map<string, string>, notebook: Notebook) {
  const read: (text: string, file: string) => Map<string, DocumentItem[]> = /^\s*\{/.test(content)
    ? readJsonLists
    : readYamlLists;
  const seats: ImportedSeatInGroup[] = [];
  for (const [committee, members] of read(content, source.name)) {
    const first = members[0]?.place ?? { file: source.name, line: null };
    const name = names.get(committee) ?? committee;
    if (!names.has(committee)) notebook.add(first, 'noticed', 'committee-unnamed', committee);
    for (const { place, value } of members) {
      const parsed = Member.safeParse(value).data;
      const seat = parsed && seatOf(place, committee, name, parsed, notebook);
      if (seat) seats.push(seat);
      else if (!parsed) notebook.add(place, 'rejected', 'not-a-membership', committee);
    }
  }
  return seats;
}

function readTable(source: SourceFile, content: string, notebook: Notebook): ImportedSeatInGroup[] {
  const table = readCsv(content, source.name, notebook);
  const missing = columns.filter((column) => !table.headers.includes(column));
  if (missing.length) throw new UnreadableFile('columns-missing', { file: source.name, line: 1 }, missing.join(', '));
  return table.rows.flatMap(({ place, cells }) => {
    const parts = [cells['committee_name'], cells['committee_subcommittee_name']].map(plainLine).filter(Boolean);
    const committee = plainLine(cells['committee_id']);
    return seatOf(place, committee, parts.join(': ') || committee, cells, notebook) ?? [];
  });
}

function seatOf(
  place: Place,
  committee: string,
  name: string,
  member: { bioguide?: unknown; name?: unknown; title?: unknown },
  notebook: Notebook,
): ImportedSeatInGroup | null {
  const identifiers = personIdentifiers([{ scheme: 'bioguide', identifier: member.bioguide }]);
  if (!code.test(committee) || identifiers.length === 0 || name.length > 200) {
    notebook.add(place, 'rejected', 'not-a-membership', `${committee} ${plainLine(member.name)}`);
    return null;
  }
  const role = plainLine(member.title).slice(0, 200) || null;
  return {
    place,
    identifiers,
    name: plainLine(member.name),
    group: { kind: 'committee', code: committee, name, role },
  };
}
