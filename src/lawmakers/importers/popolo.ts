import { z } from 'zod';
import {
  distinct,
  readEmailField,
  readFormField,
  readPhoneField,
  readPostField,
  webAddress,
} from './contact-values.js';
import { type DocumentItem, readJsonLists, wrongField } from './document-items.js';
import { readGender, readStatus } from './field-words.js';
import { personIdentifiers } from './identifier-schemes.js';
import { type ImportedContact, type ImportedFile, Notebook, type Place, UnreadableFile } from './import-record.js';
import { readName } from './person-names.js';
import { plainLine } from './plain-text.js';
import { PopoloSeats } from './popolo-seats.js';
import { readText, type SourceFile } from './source-file.js';

/**
 * Popolo JSON as EveryPolitician and parlparse publish it: persons, organizations, memberships, areas, posts and
 * legislative periods in lists beside each other, joined by ids.
 */

const text = z.union([z.string(), z.number()]).nullish().catch(null);
const list = <T extends z.ZodType>(item: T) => z.array(item.catch(null as never)).catch([]);
const Person = z.looseObject({
  id: text,
  name: text,
  given_name: text,
  family_name: text,
  honorific_prefix: text,
  gender: text,
  email: text,
  death_date: text,
  identifiers: list(z.looseObject({ scheme: text, identifier: text })),
  contact_details: list(z.looseObject({ type: text, value: text, label: text, note: text })),
  links: list(z.looseObject({ url: text, note: text })),
  other_names: list(z.looseObject({ name: text, note: text, given_name: text, family_name: text })),
});
type Person = z.infer<typeof Person>;

export function looksLikePopolo(content: string): boolean {
  return /^\s*\{/.test(content) && /"persons"\s*:\s*\[/.test(content) && /"memberships"\s*:\s*\[/.test(content);
}

/** `today` as ISO date decides which memberships have begun and which are over. */
export function importPopolo(source: SourceFile, today: string): ImportedFile {
  const lists = readJsonLists(readText(source), source.name);
  const persons = lists.get('persons');
  if (!persons || !lists.has('memberships')) {
    throw new UnreadableFile('not-popolo', { file: source.name, line: 1 });
  }
  const notebook = new Notebook();
  const seats = new PopoloSeats(lists, today, notebook);
  const file: ImportedFile = { people: [], notes: notebook.notes, spared: [] };
  for (const item of persons) readPerson(item, seats, today, notebook, file);
  for (const place of seats.unclaimed()) notebook.add(place, 'rejected', 'unknown-person');
  return file;
}

function readPerson(
  item: DocumentItem,
  seats: PopoloSeats,
  today: string,
  notebook: Notebook,
  file: ImportedFile,
): void {
  const { place } = item;
  const parsed = Person.safeParse(item.value);
  if (!parsed.success) {
    notebook.add(place, 'rejected', 'not-a-member', wrongField(parsed.error, item));
    return;
  }
  const raw = parsed.data;
  const identifiers = identifiersOf(raw);
  const spare = () => file.spared.push({ identifiers, name: plainLine(raw.name) || null });
  const held = seats.of(plainLine(raw.id));
  if (!held || held.begins || held.unclear) {
    const code = held?.begins ? 'not-yet-member' : held ? 'unclear-date' : 'never-a-member';
    notebook.add(place, 'rejected', code, held?.unclear ?? plainLine(raw.name));
    return void spare();
  }
  const main = raw.other_names.find((one) => one && /^main$/i.test(plainLine(one.note)));
  const name = readName(
    {
      name: raw.name ?? main?.name,
      givenName: raw.given_name ?? main?.given_name,
      familyName: raw.family_name ?? main?.family_name,
      honorific: raw.honorific_prefix,
    },
    place,
    notebook,
  );
  const tooLong = [held.chamber, held.party, held.area, held.region, held.role].find((one) => one && one.length > 200);
  if (tooLong) notebook.add(place, 'rejected', 'field-too-long', tooLong);
  if (!name || tooLong) return void spare();
  const died = plainLine(raw.death_date).slice(0, 10);
  const { chamber, party, area, region, role, endedOn } = held;
  file.people.push({
    place,
    identifiers,
    ...name,
    gender: readGender(raw.gender),
    locale: null,
    website: websiteOf(raw),
    chamber,
    party,
    area,
    region,
    role,
    sitting: readStatus(role) !== 'not-sitting',
    endedOn: endedOn ?? (died && died < today ? died : null),
    contacts: contactsOf(raw, place, notebook),
    groups: seats.groupsOf(plainLine(raw.id)),
  });
}

/** The ids of a file are its own, unless they carry the name of a register. */
function identifiersOf(raw: Person): { scheme: string; identifier: string }[] {
  const id = plainLine(raw.id);
  const own = id.startsWith('uk.org.publicwhip/person/') ? 'publicwhip' : 'popolo';
  return personIdentifiers([{ scheme: own, identifier: id }, ...raw.identifiers.filter(Boolean)]);
}

function websiteOf(raw: Person): string | null {
  const links = raw.links.filter((link) => link && /^(?:web ?site|home ?page|official)/i.test(plainLine(link.note)));
  return links.map((link) => webAddress(plainLine(link.url))).find(Boolean) ?? null;
}

function contactsOf(raw: Person, place: Place, notebook: Notebook): ImportedContact[] {
  const details = raw.contact_details.filter(Boolean).flatMap(({ type, value, label, note }) => {
    const office = plainLine(label) || plainLine(note) || null;
    switch (plainLine(type).toLowerCase()) {
      case 'email':
        return readEmailField(value, place, notebook);
      case 'phone':
      case 'voice':
      case 'cell':
        return readPhoneField(value, office, place, notebook);
      case 'address':
      case 'post':
        return readPostField(value, office, place, notebook);
      case 'form':
      case 'contact_form':
        return readFormField(value, place, notebook);
      default:
        return [];
    }
  });
  const forms = raw.links.filter((link) => link && /contact.?form/i.test(plainLine(link.note)));
  return distinct([
    ...readEmailField(raw.email, place, notebook),
    ...details,
    ...forms.flatMap((link) => readFormField(link.url, place, notebook)),
  ]);
}
