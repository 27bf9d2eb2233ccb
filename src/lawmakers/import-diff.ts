import { diffGroups, groupChange } from './group-diff.js';
import type { Change, Diff, FieldChange, KnownLawmaker } from './import-changes.js';
import { normalForm } from './importers/contact-values.js';
import { distinctGroups } from './importers/group-lists.js';
import { type ImportedFile, type ImportedPerson, Notebook } from './importers/import-record.js';
import { nameKey } from './importers/person-names.js';
import { identityKey, joinPeople, seatKey } from './importers/people.js';

/**
 * What an import would change. A person is recognised by any of her identifiers; where either side has none of that
 * scheme, by name, area and chamber; last by a name that occurs once on both sides. `partial`: the file lists only some
 * members, so that nobody counts as gone for not being in it.
 */
export function diffImport(known: KnownLawmaker[], file: ImportedFile, { partial }: { partial: boolean }): Diff {
  if (file.committees) return diffGroups(known, file.committees, { partial });
  const notebook = new Notebook();
  const people = joinDecided(known, file.people, notebook);
  const pairs = matchPeople(known, people, notebook);
  const changes: Change[] = [];
  let same = 0;
  for (const person of people) {
    const before = pairs.get(person);
    if (before === 'ambiguous') continue;
    if (person.endedOn) {
      if (before && !before.left) {
        changes.push({ change: 'gone', id: before.id, before, name: before.name, endedOn: person.endedOn });
      } else notebook.add(person.place, 'noticed', 'left-already', `${person.name}, ${person.endedOn}`);
    } else if (!before) {
      changes.push({ change: 'new', person });
    } else {
      const fields = changedFields(before, person);
      if (fields.length) changes.push({ change: 'changed', id: before.id, before, person, fields });
      else same++;
    }
  }
  if (!partial) changes.push(...goneFrom(known, { ...file, people }, pairs, notebook));
  return { changes, same, notes: notebook.notes };
}

/** Rows about records that somebody joined are rows about one person, whatever ids and seats the file gives her. */
function joinDecided(known: KnownLawmaker[], people: ImportedPerson[], notebook: Notebook): ImportedPerson[] {
  const joined = known.filter(({ alsoAs }) => alsoAs.length > 0);
  if (joined.length === 0) return people;
  const byIdentifier = new Map(joined.flatMap((one) => one.identifiers.map((id) => [identityKey(id), one] as const)));
  const bySeat = new Map(joined.flatMap((one) => [one, ...one.alsoAs].map((as) => [seatKey(as), one] as const)));
  const first = new Map<KnownLawmaker, ImportedPerson>();
  return people.flatMap((row) => {
    const one = row.identifiers.length
      ? row.identifiers.map((id) => byIdentifier.get(identityKey(id))).find(Boolean)
      : bySeat.get(seatKey(row));
    const before = one && first.get(one);
    if (before) {
      joinPeople(before, row);
      notebook.add(row.place, 'repaired', 'joined-by-decision', row.name);
      return [];
    }
    // A copy: what a second row adds must not change the file that was read.
    const person = { ...row };
    if (one) first.set(one, person);
    return [person];
  });
}

type Match = KnownLawmaker | 'ambiguous';

function matchPeople(known: KnownLawmaker[], people: ImportedPerson[], notebook: Notebook): Map<ImportedPerson, Match> {
  const pairs = new Map<ImportedPerson, Match>();
  const taken = new Set<KnownLawmaker>();
  const pair = (person: ImportedPerson, match: KnownLawmaker) => {
    pairs.set(person, match);
    taken.add(match);
  };
  const byIdentifier = new Map(known.flatMap((one) => one.identifiers.map((id) => [identityKey(id), one] as const)));
  for (const person of people) {
    const matches = new Set(person.identifiers.map((id) => byIdentifier.get(identityKey(id))).filter((one) => !!one));
    const [match] = matches;
    if (matches.size > 1 || (match && taken.has(match))) {
      pairs.set(person, 'ambiguous');
      notebook.add(person.place, 'rejected', 'identifiers-conflict', person.name);
    } else if (match) pair(person, match);
  }
  const compatible = (one: KnownLawmaker, person: ImportedPerson) =>
    !taken.has(one) && !person.identifiers.some(({ scheme }) => one.identifiers.some((id) => id.scheme === scheme));
  const bySeat = groupKnown(known, seatKey);
  for (const person of people) {
    if (pairs.has(person)) continue;
    const matches = (bySeat.get(seatKey(person)) ?? []).filter((one) => compatible(one, person));
    if (matches.length === 1) pair(person, matches[0]!);
    else if (matches.length > 1) {
      pairs.set(person, 'ambiguous');
      notebook.add(person.place, 'rejected', 'ambiguous-person', person.name);
    }
  }
  const byName = groupKnown(known, ({ name }) => nameKey(name));
  const homonyms = groupBy(people, (person) => nameKey(person.name));
  for (const person of people) {
    if (pairs.has(person) || homonyms.get(nameKey(person.name))!.length > 1) continue;
    const matches = byName.get(nameKey(person.name)) ?? [];
    if (matches.length !== 1 || !compatible(matches[0]!, person)) continue;
    pair(person, matches[0]!);
    notebook.add(person.place, 'noticed', 'matched-by-name', person.name);
  }
  return pairs;
}

/** A row that was rejected, or cannot be told apart, still mentions somebody: she does not count as gone. */
function goneFrom(
  known: KnownLawmaker[],
  file: ImportedFile,
  pairs: Map<ImportedPerson, Match>,
  notebook: Notebook,
): Change[] {
  const unclear = file.people.filter((person) => pairs.get(person) === 'ambiguous');
  const mentioned = [...file.spared, ...unclear];
  const identifiers = new Set(mentioned.flatMap((one) => one.identifiers.map(identityKey)));
  const names = new Set(mentioned.map(({ name }) => name && nameKey(name)));
  const found = new Set(pairs.values());
  const present = known.filter((one) => !one.left);
  const gone = present.filter(
    (one) =>
      !found.has(one) &&
      !names.has(nameKey(one.name)) &&
      !one.identifiers.some((id) => identifiers.has(identityKey(id))),
  );
  if (gone.length >= 5 && gone.length > present.length / 5) {
    notebook.add({ file: '', line: null }, 'noticed', 'many-gone', `${gone.length} / ${present.length}`);
  }
  return gone.map((before) => ({ change: 'gone', id: before.id, before, name: before.name, endedOn: null }));
}

const plainFields = [
  'name',
  'givenName',
  'familyName',
  'honorific',
  'gender',
  'locale',
  'website',
  'chamber',
  'party',
  'area',
  'region',
  'role',
] as const;

export function changedFields(before: KnownLawmaker, after: ImportedPerson): FieldChange[] {
  const fields: FieldChange[] = plainFields
    .filter((field) => before[field] !== after[field])
    .map((field) => ({ field, before: before[field], after: after[field] }));
  if (before.left) fields.unshift({ field: 'returned', before: null, after: after.name });
  if (before.sitting !== after.sitting) {
    fields.push({ field: 'sitting', before: String(before.sitting), after: String(after.sitting) });
  }
  const list = (contacts: ImportedPerson['contacts']) =>
    contacts.map(({ channel, value, label }) => `${channel}: ${value}${label ? ` (${label})` : ''}`);
  if (contactsKey(before.contacts) !== contactsKey(after.contacts)) {
    fields.push({ field: 'contacts', ...difference(list(before.contacts), list(after.contacts)) });
  }
  if (after.groups) fields.push(...groupChange(before.groups, distinctGroups(after.groups)));
  const knownIds = new Set(before.identifiers.map(identityKey));
  const added = after.identifiers.map(identityKey).filter((id) => !knownIds.has(id));
  if (added.length) fields.push({ field: 'identifiers', before: null, after: added.join('\n') });
  return fields;
}

/** Only the lines that went and came; all of them where nothing but the order is another. */
function difference(before: string[], after: string[]): { before: string | null; after: string | null } {
  const went = before.filter((line) => !after.includes(line));
  const came = after.filter((line) => !before.includes(line));
  const ordered = went.length + came.length === 0;
  return {
    before: (ordered ? before : went).join('\n') || null,
    after: (ordered ? after : came).join('\n') || null,
  };
}

function contactsKey(contacts: ImportedPerson['contacts']): string {
  return JSON.stringify(contacts.map((one) => [one.channel, normalForm(one.channel, one.value), one.value, one.label]));
}

/** By her own name and seat, and by those of the records joined to her. */
function groupKnown(known: KnownLawmaker[], key: (as: KnownLawmaker['alsoAs'][number]) => string) {
  const groups = new Map<string, KnownLawmaker[]>();
  for (const one of known) {
    for (const own of new Set([one, ...one.alsoAs].map(key))) groups.set(own, [...(groups.get(own) ?? []), one]);
  }
  return groups;
}

function groupBy<T>(items: T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
