import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { nameKey } from './importers/person-names.js';
import { isUsable } from './person-records.js';

export type DuplicateReason = 'same-name' | 'same-address' | 'same-identifier';

export interface LookalikeView {
  id: string;
  name: string;
  legislature: string;
  chamber: string | null;
  party: string | null;
  area: string | null;
  leftAt: string | null;
  addresses: string[];
}

export interface DuplicateView {
  first: LookalikeView;
  second: LookalikeView;
  reasons: DuplicateReason[];
}

/** Records alike in one way in larger crowds than this share an office, not a person. */
const crowd = 4;
/** Identifiers that number the rows of one file, and say nothing outside of it. */
const ownNumbers = ['csv', 'popolo'];
const shown = 100;

/** Finds records that may be one person. It proposes; only a person decides. */
@Injectable()
export class Duplicates {
  constructor(private readonly database: DataSource) {}

  /** Undecided pairs, those alike in more ways first. At most a hundred; `more` tells whether there are others. */
  async list(): Promise<{ pairs: DuplicateView[]; more: boolean }> {
    const found = new Map<string, { ids: [string, string]; reasons: Set<DuplicateReason> }>();
    const note = (reason: DuplicateReason, groups: string[][]) => {
      for (const group of groups.filter(({ length }) => length <= crowd)) {
        const ids = group.toSorted();
        for (const [i, first] of ids.entries()) {
          for (const second of ids.slice(i + 1)) {
            const key = `${first} ${second}`;
            if (!found.has(key)) found.set(key, { ids: [first, second], reasons: new Set() });
            found.get(key)!.reasons.add(reason);
          }
        }
      }
    };
    note('same-name', await this.sameName());
    note('same-identifier', await this.sameIdentifier());
    note('same-address', await this.sameAddress());
    for (const { first_id, second_id } of await this.decided()) found.delete(`${first_id} ${second_id}`);
    const pairs = [...found.values()].sort((a, b) => b.reasons.size - a.reasons.size);
    const views = await this.views(pairs.slice(0, shown).flatMap(({ ids }) => ids));
    return {
      pairs: pairs.slice(0, shown).flatMap(({ ids, reasons }) => {
        const [first, second] = ids.map((id) => views.get(id));
        // Two people who have both left trouble nobody.
        if (!first || !second || (first.leftAt && second.leftAt)) return [];
        return [{ first, second, reasons: [...reasons] }];
      }),
      more: pairs.length > shown,
    };
  }

  /** The same normalised name in the same legislature: spellings are compared in the application. */
  private async sameName(): Promise<string[][]> {
    const rows: { id: string; legislature_id: string; name: string }[] = await this.database.query(
      `SELECT id, legislature_id, name FROM lawmakers WHERE merged_into IS NULL`,
    );
    const groups = new Map<string, string[]>();
    for (const { id, legislature_id, name } of rows) {
      const key = `${legislature_id} ${nameKey(name)}`;
      groups.set(key, [...(groups.get(key) ?? []), id]);
    }
    return [...groups.values()].filter(({ length }) => length > 1);
  }

  private async sameIdentifier(): Promise<string[][]> {
    const rows: { ids: string[] }[] = await this.database.query(
      `SELECT array_agg(DISTINCT l.id) AS ids FROM lawmaker_identifiers i JOIN lawmakers l ON l.id = i.lawmaker_id
       WHERE l.merged_into IS NULL AND i.scheme <> ALL ($1)
       GROUP BY i.scheme, i.identifier HAVING count(DISTINCT l.id) > 1`,
      [ownNumbers],
    );
    return rows.map(({ ids }) => ids);
  }

  private async sameAddress(): Promise<string[][]> {
    const rows: { ids: string[] }[] = await this.database.query(
      `SELECT array_agg(DISTINCT l.id) AS ids FROM contact_points c JOIN lawmakers l ON l.id = c.lawmaker_id
       WHERE l.merged_into IS NULL AND c.channel = 'email' AND ${isUsable('l')}
       GROUP BY c.normal_form HAVING count(DISTINCT l.id) BETWEEN 2 AND $1`,
      [crowd],
    );
    return rows.map(({ ids }) => ids);
  }

  private decided(): Promise<{ first_id: string; second_id: string }[]> {
    return this.database.query(`SELECT first_id, second_id FROM person_decisions WHERE undone_at IS NULL`);
  }

  private async views(ids: string[]): Promise<Map<string, LookalikeView>> {
    const rows: LookalikeView[] = await this.database.query(
      `SELECT l.id, l.name, g.slug AS legislature, m.chamber, m.party, m.area, l.left_at AS "leftAt",
         ARRAY(SELECT c.value FROM contact_points c WHERE c.lawmaker_id = l.id AND c.channel = 'email' AND ${isUsable('l')}
               ORDER BY c.position LIMIT 3) AS addresses
       FROM lawmakers l JOIN legislatures g ON g.id = l.legislature_id
       LEFT JOIN memberships m ON m.lawmaker_id = l.id AND m.ended_at IS NULL
       WHERE l.id = ANY ($1)`,
      [[...new Set(ids)]],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }
}
