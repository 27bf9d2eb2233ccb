import type { ImportedGroup, ImportedPerson, Notebook } from './importers/import-record.js';

/** What a preview holds, between the file that was read and the rows that are written. */

/** A lawmaker as the last import left her: hand-made contact points and strike-outs are not part of it. */
export type KnownLawmaker = Omit<ImportedPerson, 'place' | 'endedOn' | 'groups'> & {
  id: string;
  left: boolean;
  /** ISO date of leaving. */
  leftOn: string | null;
  groups: ImportedGroup[];
  /** Names and seats of the records that somebody joined to this one. */
  alsoAs: { name: string; area: string | null; chamber: string | null }[];
};

export interface FieldChange {
  field: string;
  before: string | null;
  after: string | null;
}

export type Change =
  | { change: 'new'; person: ImportedPerson }
  | { change: 'changed'; id: string; before: KnownLawmaker; person: ImportedPerson; fields: FieldChange[] }
  | { change: 'gone'; id: string; before: KnownLawmaker; name: string; endedOn: string | null };

export interface Diff {
  changes: Change[];
  same: number;
  notes: Notebook['notes'];
}
