import type { ImportedGroup } from './import-record.js';

/** Each group once, in one order whatever the order of the source: what is stored compares equal to what is read again. */
export function distinctGroups(groups: ImportedGroup[]): ImportedGroup[] {
  const byKey = new Map<string, ImportedGroup>();
  for (const { kind, code, name, role } of groups) {
    const key = groupKey({ kind, code });
    const known = byKey.get(key);
    if (!known) byKey.set(key, { kind, code, name, role });
    else known.role ??= role;
  }
  return [...byKey].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => group);
}

export function groupKey({ kind, code }: Pick<ImportedGroup, 'kind' | 'code'>): string {
  return `${kind} ${code}`;
}

export function groupLine({ name, role }: ImportedGroup): string {
  return role ? `${name} (${role})` : name;
}
