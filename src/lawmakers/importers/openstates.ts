import { z } from 'zod';
import { distinct, readEmailField, readPhoneField, readPostField, webAddress } from './contact-values.js';
import { readYaml, wrongField } from './document-items.js';
import { readEndDate, readGender } from './field-words.js';
import {
  type ImportedFile,
  type ImportedLegislature,
  type ImportedPerson,
  Notebook,
  type Place,
  UnreadableFile,
} from './import-record.js';
import { readName } from './person-names.js';
import { plainLine } from './plain-text.js';
import { readText, type SourceFile } from './source-file.js';
import { usStateCode } from './us-states.js';

/**
 * openstates/people: a folder with one YAML file per person. The e-mail field holds a web form for nearly all of Congress;
 * roles keep former seats, other offices and future terms beside the present one.
 */

const text = z.union([z.string(), z.number()]).nullish().catch(null);
const Role = z.looseObject({ type: text, jurisdiction: text, district: text, start_date: text, end_date: text });
type Role = z.infer<typeof Role>;
const OpenStatesPerson = z.looseObject({
  id: z.string().regex(/^ocd-person\//),
  name: text,
  given_name: text,
  family_name: text,
  gender: text,
  email: text,
  party: z.array(z.looseObject({ name: text, end_date: text })).catch([]),
  roles: z.array(Role).catch([]),
  offices: z.array(z.looseObject({ classification: text, address: text, voice: text, email: text })).catch([]),
  links: z.array(z.looseObject({ url: text })).catch([]),
  other_identifiers: z.array(z.looseObject({ scheme: text, identifier: text, end_date: text })).catch([]),
});
type OpenStatesPerson = z.infer<typeof OpenStatesPerson>;

const seats = ['upper', 'lower', 'legislature'];
const personalSchemes = ['bioguide', 'govtrack', 'wikidata', 'lis', 'legacy_openstates'];

export function looksLikeOpenStates(source: SourceFile): boolean {
  return (
    /\.ya?ml$/i.test(source.name) && /^id: ['"]?ocd-person\//m.test(Buffer.from(source.bytes).toString('utf8', 0, 400))
  );
}

export function importOpenStates(sources: SourceFile[], today: string): ImportedFile {
  const notebook = new Notebook();
  const file: ImportedFile = { people: [], notes: notebook.notes, spared: [] };
  const jurisdictions = new Map<string, Place>();
  for (const source of sources) {
    for (const item of readYaml(readText(source), source.name)) {
      const { place } = item;
      const parsed = OpenStatesPerson.safeParse(item.value);
      if (!parsed.success) throw new UnreadableFile('not-openstates', place, wrongField(parsed.error, item));
      const { person, jurisdiction } = readPerson(parsed.data, place, today, notebook);
      if (jurisdiction) jurisdictions.set(jurisdiction, place);
      if (person) file.people.push(person);
      else file.spared.push({ identifiers: identifiersOf(parsed.data), name: plainLine(parsed.data.name) || null });
    }
  }
  if (jurisdictions.size > 1) {
    throw new UnreadableFile(
      'several-legislatures',
      [...jurisdictions.values()].at(-1)!,
      [...jurisdictions.keys()].join(', '),
    );
  }
  const only = [...jurisdictions.keys()][0];
  if (only) file.legislature = legislatureOf(only);
  return file;
}

function readPerson(raw: OpenStatesPerson, place: Place, today: string, notebook: Notebook) {
  const role = presentRole(raw.roles, today);
  if (!role) {
    const future = raw.roles.some((one) => isSeat(one) && plainLine(one.start_date) > today);
    notebook.add(place, 'rejected', future ? 'not-yet-member' : 'never-a-member', plainLine(raw.name));
    return { person: null, jurisdiction: null };
  }
  const jurisdiction = plainLine(role.jurisdiction);
  const name = readName({ name: raw.name, givenName: raw.given_name, familyName: raw.family_name }, place, notebook);
  if (!name) return { person: null, jurisdiction };
  const federal = jurisdiction.endsWith('/country:us/government');
  const district = plainLine(role.district);
  const state = /\/(?:state|territory|district):([a-z]{2})\//.exec(jurisdiction)?.[1]?.toUpperCase() ?? null;
  const area = federal ? (usStateCode(district) ?? district) : state && district ? `${state}-${district}` : district;
  const upper = role.type === 'upper';
  const endedOn = readEndDate(role.end_date);
  const person: ImportedPerson = {
    place,
    identifiers: identifiersOf(raw),
    ...name,
    gender: readGender(raw.gender),
    locale: null,
    website: raw.links.map((link) => webAddress(plainLine(link.url))).find(Boolean) ?? null,
    chamber: federal ? (upper ? 'senate' : 'house') : plainLine(role.type),
    party: plainLine(raw.party.filter((one) => !one.end_date || plainLine(one.end_date) > today)[0]?.name) || null,
    area: area || null,
    region: federal ? area.slice(0, 2) : state,
    role: upper ? 'Senator' : federal ? 'Representative' : null,
    sitting: true,
    endedOn: endedOn && endedOn < today ? endedOn : null,
    contacts: contactsOf(raw, place, notebook),
  };
  return { person, jurisdiction };
}

/** The seat held today; failing that, the one given up last. */
function presentRole(roles: Role[], today: string): Role | null {
  const begun = roles.filter((role) => isSeat(role) && plainLine(role.start_date) <= today);
  const end = (role: Role) => plainLine(role.end_date) || '9999';
  const latest = (list: Role[]) =>
    list.toSorted(
      (a, b) => end(b).localeCompare(end(a)) || plainLine(b.start_date).localeCompare(plainLine(a.start_date)),
    )[0];
  return latest(begun.filter((role) => end(role) >= today)) ?? latest(begun) ?? null;
}

function isSeat(role: Role): boolean {
  return seats.includes(plainLine(role.type));
}

function contactsOf(raw: OpenStatesPerson, place: Place, notebook: Notebook) {
  const offices = raw.offices.toSorted(
    (a, b) => Number(b.classification === 'capitol') - Number(a.classification === 'capitol'),
  );
  return distinct([
    ...readEmailField(raw.email, place, notebook),
    ...offices.flatMap((office) => {
      const label = plainLine(office.classification) || null;
      return [
        ...readEmailField(office.email, place, notebook),
        ...readPhoneField(office.voice, label, place, notebook),
        ...readPostField(office.address, label, place, notebook),
      ];
    }),
  ]);
}

function identifiersOf(raw: OpenStatesPerson): ImportedPerson['identifiers'] {
  const others = raw.other_identifiers
    .map(({ scheme, identifier }) => ({ scheme: plainLine(scheme), identifier: plainLine(identifier) }))
    .filter(({ scheme, identifier }) => personalSchemes.includes(scheme) && identifier);
  return [{ scheme: 'ocd-person', identifier: raw.id.replace('ocd-person/', '') }, ...others];
}

function legislatureOf(jurisdiction: string): ImportedLegislature {
  const country = /country:([a-z]{2})/.exec(jurisdiction)?.[1] ?? 'us';
  const state = /(?:state|territory|district):([a-z]{2})/.exec(jurisdiction)?.[1];
  if (country === 'us' && !state) return { slug: 'us-congress', name: 'United States Congress', country: 'US' };
  const slug = [country, state].filter(Boolean).join('-');
  return { slug, name: `Legislature of ${slug.toUpperCase()}`, country: country.toUpperCase() };
}
