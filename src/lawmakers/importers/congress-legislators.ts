import { z } from 'zod';
import { distinct, readFormField, readPhoneField, readPostField, webAddress } from './contact-values.js';
import { type CsvRow, readCsv } from './csv-rows.js';
import { type DocumentItem, readJsonList, readYaml, wrongField } from './document-items.js';
import { type ImportedFile, type ImportedPerson, Notebook, type Place, UnreadableFile } from './import-record.js';
import { readGender } from './field-words.js';
import { readName } from './person-names.js';
import { plainLine } from './plain-text.js';
import { readText, type SourceFile } from './source-file.js';

/**
 * unitedstates/congress-legislators: `legislators-current` as CSV, JSON or YAML. Congress publishes no e-mail addresses;
 * a web form is listed for most senators and few representatives, the rest is reached by telephone and post.
 */

const legislature = { slug: 'us-congress', name: 'United States Congress', country: 'US' };
const csvColumns = ['last_name', 'first_name', 'type', 'state', 'district', 'party', 'bioguide_id'];

export function looksLikeCongressCsv(headers: string[]): boolean {
  return csvColumns.every((column) => headers.includes(column));
}

/** `today` as ISO date decides whose term is over. */
export function importCongressLegislators(source: SourceFile, today: string): ImportedFile {
  const text = readText(source);
  const notebook = new Notebook();
  const file: ImportedFile = { people: [], notes: notebook.notes, spared: [], legislature };
  const read = (place: Place, raw: Member | null) => {
    const person = raw && readMember(raw, place, today, notebook);
    if (person) file.people.push(person);
    else if (raw) file.spared.push({ identifiers: identifiersOf(raw), name: plainLine(raw.name.name) || null });
  };
  if (/^\s*\[/.test(text) || /\.ya?ml$/i.test(source.name) || /^- id:/m.test(text.slice(0, 200))) {
    const items = /^\s*\[/.test(text) ? readJsonList(text, source.name) : readYaml(text, source.name);
    for (const item of items) read(item.place, fromDocument(item, notebook));
  } else {
    const table = readCsv(text, source.name, notebook);
    const missing = csvColumns.filter((column) => !table.headers.includes(column));
    if (missing.length) throw new UnreadableFile('columns-missing', { file: source.name, line: 1 }, missing.join(', '));
    for (const row of table.rows) read(row.place, fromCsv(row));
  }
  return file;
}

/** What both shapes have in common. */
interface Member {
  ids: Record<string, unknown>;
  name: { name: unknown; givenName: unknown; familyName: unknown };
  gender: unknown;
  type: unknown;
  state: unknown;
  district: unknown;
  party: unknown;
  website: unknown;
  contactForm: unknown;
  phone: unknown;
  address: unknown;
  endedOn: string | null;
}

function fromCsv({ cells }: CsvRow): Member {
  return {
    ids: { bioguide: cells['bioguide_id'], govtrack: cells['govtrack_id'], lis: cells['lis_id'] },
    name: { name: cells['full_name'], givenName: cells['first_name'], familyName: cells['last_name'] },
    gender: cells['gender'],
    type: cells['type'],
    state: cells['state'],
    district: cells['district'],
    party: cells['party'],
    website: cells['url'],
    contactForm: cells['contact_form'],
    phone: cells['phone'],
    address: cells['address'],
    endedOn: null,
  };
}

const text = z.union([z.string(), z.number()]).nullish().catch(null);
const CongressTerm = z.looseObject({
  type: text,
  start: text,
  end: text,
  state: text,
  district: text,
  party: text,
  url: text,
  contact_form: text,
  phone: text,
  address: text,
});
const CongressMember = z.looseObject({
  id: z.looseObject({ bioguide: text, govtrack: text, lis: text, wikidata: text }),
  name: z.looseObject({ first: text, last: text, official_full: text }),
  bio: z.looseObject({ gender: text }).catch({ gender: null }),
  terms: z.array(CongressTerm).min(1),
});

function fromDocument(item: DocumentItem, notebook: Notebook): Member | null {
  const parsed = CongressMember.safeParse(item.value);
  if (!parsed.success) {
    notebook.add(item.place, 'rejected', 'not-a-member', wrongField(parsed.error, item));
    return null;
  }
  const { id, name, bio, terms } = parsed.data;
  const term = terms.at(-1)!;
  return {
    ids: { bioguide: id.bioguide, govtrack: id.govtrack, lis: id.lis, wikidata: id.wikidata },
    name: { name: name.official_full, givenName: name.first, familyName: name.last },
    gender: bio.gender,
    type: term.type,
    state: term.state,
    district: term.district,
    party: term.party,
    website: term.url,
    contactForm: term.contact_form,
    phone: term.phone,
    address: term.address,
    endedOn: plainLine(term.end) || null,
  };
}

function identifiersOf(raw: Member): ImportedPerson['identifiers'] {
  return Object.entries(raw.ids)
    .map(([scheme, identifier]) => ({ scheme, identifier: plainLine(identifier) }))
    .filter(({ identifier }) => identifier);
}

function readMember(raw: Member, place: Place, today: string, notebook: Notebook): ImportedPerson | null {
  const identifiers = identifiersOf(raw);
  const name = readName(raw.name, place, notebook);
  if (!name) return null;
  const state = plainLine(raw.state).toUpperCase();
  const type = plainLine(raw.type);
  if (!/^(sen|rep)$/.test(type) || !/^[A-Z]{2}$/.test(state)) {
    notebook.add(place, 'rejected', 'unknown-seat', `${type} ${state}`);
    return null;
  }
  const district = plainLine(raw.district);
  const contacts = distinct([
    ...readFormField(raw.contactForm, place, notebook),
    ...readPhoneField(raw.phone, null, place, notebook),
    ...readPostField(raw.address, null, place, notebook),
  ]);
  return {
    place,
    identifiers,
    ...name,
    gender: readGender(raw.gender),
    locale: null,
    website: webAddress(plainLine(raw.website)),
    chamber: type === 'sen' ? 'senate' : 'house',
    party: plainLine(raw.party) || null,
    area: type === 'sen' ? state : `${state}-${Number(district) > 0 ? district : 'AL'}`,
    region: state,
    role: type === 'sen' ? 'Senator' : 'Representative',
    sitting: true,
    endedOn: raw.endedOn && raw.endedOn < today ? raw.endedOn : null,
    contacts,
  };
}
