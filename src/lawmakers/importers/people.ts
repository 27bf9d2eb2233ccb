import { distinct } from './contact-values.js';
import { distinctGroups } from './group-lists.js';
import { type ImportedFile, type ImportedPerson, Notebook } from './import-record.js';
import { nameKey } from './person-names.js';

/** Rules over the whole file, after every row has been read alone. */
export function settle(file: ImportedFile): ImportedFile {
  const notebook = new Notebook();
  const people = dropCutDomains(mergeSamePeople(file.people, notebook), notebook);
  noticeSharedAddresses(people, notebook);
  for (const { place, name, contacts, endedOn } of people) {
    if (contacts.length === 0 && !endedOn) notebook.add(place, 'noticed', 'no-contact', name);
  }
  return { ...file, people, notes: [...file.notes, ...notebook.notes] };
}

export function identityKey(identifier: { scheme: string; identifier: string }): string {
  return `${identifier.scheme}:${identifier.identifier}`;
}

/** How a person is known where the source has no ids: name, area and chamber together. */
export function seatKey(person: { name: string; area: string | null; chamber: string | null }): string {
  return [nameKey(person.name), nameKey(person.area ?? ''), nameKey(person.chamber ?? '')].join('|');
}

/** One person on two rows becomes one person with both rows' contacts. */
function mergeSamePeople(people: ImportedPerson[], notebook: Notebook): ImportedPerson[] {
  const byKey = new Map<string, ImportedPerson>();
  const kept: ImportedPerson[] = [];
  for (const person of people) {
    const keys = person.identifiers.length ? person.identifiers.map(identityKey) : [seatKey(person)];
    const twin = keys.map((key) => byKey.get(key)).find(Boolean);
    if (!twin) {
      kept.push(person);
      for (const key of keys) byKey.set(key, person);
      continue;
    }
    const otherSeat = seatKey(person) !== seatKey(twin) ? 'same-person-other-seat' : 'same-person-twice';
    joinPeople(twin, person);
    for (const key of keys) byKey.set(key, twin);
    notebook.add(person.place, 'repaired', otherSeat, person.name);
  }
  return kept;
}

/** Nobody has more; a file of one person on many rows must not take long. */
const mostContacts = 100;

/** Adds what a second row says of the same person to the first. The first row's seat stands, unless it has been given up. */
export function joinPeople(twin: ImportedPerson, person: ImportedPerson): void {
  const seat = twin.endedOn && !person.endedOn ? person : twin;
  const ids = new Map([...twin.identifiers, ...person.identifiers].map((id) => [identityKey(id), id]));
  const merged: ImportedPerson = {
    ...seat,
    place: twin.place,
    identifiers: [...ids.values()],
    contacts: distinct([...seat.contacts, ...twin.contacts, ...person.contacts]).slice(0, mostContacts),
    groups:
      twin.groups || person.groups ? distinctGroups([...(twin.groups ?? []), ...(person.groups ?? [])]) : undefined,
  };
  Object.assign(twin, merged);
}

/**
 * A domain that is the beginning of another, more frequent one in the same file was cut off (`assembly.ca.go`): such an
 * address is left out rather than tried.
 */
function dropCutDomains(people: ImportedPerson[], notebook: Notebook): ImportedPerson[] {
  const counts = new Map<string, number>();
  for (const { contacts } of people) {
    for (const { channel, value } of contacts) {
      if (channel === 'email') counts.set(domainOf(value), (counts.get(domainOf(value)) ?? 0) + 1);
    }
  }
  const domains = [...counts.keys()].sort();
  const cut = new Set<string>();
  for (const [i, domain] of domains.entries()) {
    for (let next = i + 1; domains[next]?.startsWith(domain); next++) {
      if (counts.get(domains[next]!)! > counts.get(domain)!) cut.add(domain);
    }
  }
  if (cut.size === 0) return people;
  return people.map((person) => {
    const bad = person.contacts.filter(({ channel, value }) => channel === 'email' && cut.has(domainOf(value)));
    for (const { value } of bad) notebook.add(person.place, 'noticed', 'truncated-address', value);
    return bad.length ? { ...person, contacts: person.contacts.filter((contact) => !bad.includes(contact)) } : person;
  });
}

function noticeSharedAddresses(people: ImportedPerson[], notebook: Notebook): void {
  const first = new Map<string, ImportedPerson>();
  for (const person of people) {
    for (const { channel, value } of person.contacts) {
      if (channel !== 'email') continue;
      const other = first.get(value.toLowerCase());
      if (other) notebook.add(person.place, 'noticed', 'address-shared', `${value}: ${other.name}, ${person.name}`);
      else first.set(value.toLowerCase(), person);
    }
  }
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
