import type { Diff, KnownLawmaker } from './import-changes.js';
import { distinctGroups, groupKey, groupLine } from './importers/group-lists.js';
import { type ImportedGroup, type ImportedSeatInGroup, Notebook } from './importers/import-record.js';
import { identityKey } from './importers/people.js';

/**
 * What a file of committees changes in those who are known. Nobody is new or gone by it: a row about somebody unknown is
 * reported and left. `partial`: the file lists only some committees, so that nobody leaves one for not being in it.
 */
export function diffGroups(
  known: KnownLawmaker[],
  rows: ImportedSeatInGroup[],
  { partial }: { partial: boolean },
): Diff {
  const notebook = new Notebook();
  const byIdentifier = new Map(known.flatMap((one) => one.identifiers.map((id) => [identityKey(id), one] as const)));
  const seats = new Map<KnownLawmaker, Map<string, ImportedSeatInGroup>>();
  for (const row of rows) {
    const [found, ...others] = new Set(row.identifiers.flatMap((id) => byIdentifier.get(identityKey(id)) ?? []));
    const words = `${row.name}: ${row.group.name}`;
    if (!found) notebook.add(row.place, 'rejected', 'unknown-person', words);
    else if (others.length) notebook.add(row.place, 'rejected', 'identifiers-conflict', words);
    else if (found.left) notebook.add(row.place, 'noticed', 'left-already', words);
    else {
      const before = seats.get(found) ?? new Map<string, ImportedSeatInGroup>();
      seats.set(found, before);
      const key = groupKey(row.group);
      if (before.has(key)) notebook.add(row.place, 'repaired', 'same-membership-twice', words);
      else before.set(key, row);
    }
  }
  let ended = 0;
  const diff: Diff = { changes: [], same: 0, notes: notebook.notes };
  for (const before of known) {
    const listed = [...(seats.get(before)?.values() ?? [])];
    const stay = before.groups.filter(({ kind }) => partial || kind !== 'committee');
    const groups = distinctGroups([...listed.map(({ group }) => group), ...stay]);
    if (before.left || (groups.length === 0 && before.groups.length === 0)) continue;
    const fields = groupChange(before.groups, groups);
    const keys = new Set(groups.map(groupKey));
    ended += before.groups.filter((group) => !keys.has(groupKey(group))).length;
    const place = listed[0]?.place ?? { file: '', line: null };
    const person = { ...before, place, endedOn: null, groups };
    if (fields.length) diff.changes.push({ change: 'changed', id: before.id, before, person, fields });
    else diff.same++;
  }
  const all = known.reduce((sum, one) => sum + (one.left ? 0 : one.groups.length), 0);
  if (ended >= 5 && ended > all / 5)
    notebook.add({ file: '', line: null }, 'noticed', 'many-gone', `${ended} / ${all}`);
  return diff;
}

/** The groups somebody leaves and joins, as one changed field; none where nothing changes. */
export function groupChange(before: ImportedGroup[], after: ImportedGroup[]) {
  const key = (group: ImportedGroup) => JSON.stringify([group.kind, group.code, group.name, group.role]);
  const lines = (these: ImportedGroup[], without: ImportedGroup[]) => {
    const keys = new Set(without.map(key));
    return these.filter((group) => !keys.has(key(group))).map(groupLine);
  };
  const [went, came] = [lines(before, after), lines(after, before)];
  if (went.length + came.length === 0) return [];
  return [{ field: 'groups', before: went.join('\n') || null, after: came.join('\n') || null }];
}
