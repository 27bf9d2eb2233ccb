/** What every importer hands on, whatever the file looked like: people, and notes about what the file got wrong. */

export type Channel = 'email' | 'form' | 'post' | 'phone';
export const channels: readonly Channel[] = ['email', 'form', 'post', 'phone'];

/** Where in the source something stands. Lines count from 1 and are those an editor shows; null where only a file can be named. */
export interface Place {
  file: string;
  line: number | null;
  column?: number;
}

export interface ImportedContact {
  channel: Channel;
  value: string;
  label: string | null;
}

/** A committee or a group (a friendship group, a national party in a parliament of nations) somebody belongs to. */
export interface ImportedGroup {
  kind: 'committee' | 'group';
  /** How the source names it for good: names change. */
  code: string;
  name: string;
  /** What she is in it, such as chair; null for plain members. */
  role: string | null;
}

export interface ImportedPerson {
  place: Place;
  identifiers: { scheme: string; identifier: string }[];
  name: string;
  givenName: string | null;
  familyName: string | null;
  honorific: string | null;
  gender: string | null;
  locale: string | null;
  website: string | null;
  chamber: string | null;
  party: string | null;
  area: string | null;
  /** What several areas belong to (a US state, a canton): an audience may name either. */
  region: string | null;
  role: string | null;
  /** False for members who hold a seat and do not take it. */
  sitting: boolean;
  /** ISO date, set when the seat has been given up: such a person is never new, and marked as left when known. */
  endedOn: string | null;
  contacts: ImportedContact[];
  /** Absent where the source says nothing of groups: what is known of them stays. */
  groups?: ImportedGroup[];
}

/** A line of a file that lists committees only, and their members by identifiers. */
export interface ImportedSeatInGroup {
  place: Place;
  identifiers: { scheme: string; identifier: string }[];
  /** For the report: nobody is recognised by it. */
  name: string;
  group: ImportedGroup;
}

/** `rejected`: the row is not used. `repaired`: used after a correction. `noticed`: used, and somebody should look. */
export type Severity = 'rejected' | 'repaired' | 'noticed';

export interface Note extends Place {
  severity: Severity;
  /** Message key `lawmakers.note.<code>`. */
  code: string;
  /** The words of the file this is about, shortened. */
  detail: string;
}

export interface ImportedLegislature {
  slug: string;
  name: string;
  country: string;
}

export interface ImportedFile {
  people: ImportedPerson[];
  notes: Note[];
  /** Identities of rejected rows: the file does mention these people, so they must not count as gone. */
  spared: { identifiers: { scheme: string; identifier: string }[]; name: string | null }[];
  /** In place of people: the file lists the members of committees, and no one is new or gone by it. */
  committees?: ImportedSeatInGroup[];
  /** What the file itself says about whose members it lists. */
  legislature?: ImportedLegislature;
}

/** Collects notes for one file; `at` fixes the place. */
export class Notebook {
  readonly notes: Note[] = [];

  add(place: Place, severity: Severity, code: string, detail = ''): void {
    this.notes.push({ file: place.file, line: place.line, severity, code, detail: shorten(detail) });
  }
}

export function shorten(text: string, length = 160): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}

/** The whole source is refused and nothing changes. `code` is a message key `lawmakers.unreadable.<code>`. */
export class UnreadableFile extends Error {
  constructor(
    readonly code: string,
    readonly place: Place,
    readonly detail = '',
    /** Message key `lawmakers.note.<because>`: what was found about the first who does not count. */
    readonly because?: string,
  ) {
    super(`${place.file}${place.line ? `, line ${place.line}` : ''}: ${code}${detail ? ` (${shorten(detail)})` : ''}`);
  }
}
