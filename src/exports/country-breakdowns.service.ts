import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { method } from '../countlog/counts.service.js';
import { nextTold, nothingTold, type Now, shownOf, type Told } from './breakdown-steps.js';
import { type CountSnapshot, CountSnapshots } from './count-snapshots.service.js';
import type { PublicCounts } from './exports.schema.js';

/** What stands beside the figures: how they are rounded. */
const roundingTo = (step: number): string =>
  `The total is exact: the sum of the first "size" entries of the public log. Countries are rounded down to multiples of ${step}. ` +
  `They are told anew at most once a day and at a hand-in, when at least ${step} more signed or ${step} more withdrew, and a country moves only ` +
  `when its count has moved by ${step}: so a figure can be up to ${step - 1} too low or, after withdrawals, too high. Countries with fewer ` +
  `than ${step} and what the rounding leaves are in "rest".`;

interface Row extends Told {
  as_of: Date;
  is_today: boolean;
}

/** The countries of a petition as the public may see them. What was told is kept, because the next answer must not differ by few. */
@Injectable()
export class CountryBreakdowns {
  constructor(
    private readonly database: DataSource,
    private readonly snapshots: CountSnapshots,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * @param anew whether to tell them anew now, though they were told today: for a person who takes them away, not for whoever asks
   * @throws Problem not-found
   */
  async of(slug: string, { anew = false } = {}): Promise<PublicCounts> {
    const snapshot = await this.snapshots.one({ by: 'country', petition: slug });
    const now = nowOf(snapshot);
    const told = await this.latest(snapshot, now, anew);
    const cells = shownOf(told, this.settings.SMALL_CELLS);
    const total = now.signed - now.withdrawn;
    return {
      ...{ method, rounding: roundingTo(this.settings.SMALL_CELLS), total, size: snapshot.checkpoint?.size },
      ...{ asOf: snapshot.asOf.toISOString(), countriesAsOf: told.as_of.toISOString(), cells },
      rest: Math.max(total - cells.reduce((sum, { count }) => sum + count, 0), 0),
    };
  }

  private async latest({ petitionId, asOf }: CountSnapshot, now: Now, anew: boolean): Promise<Row> {
    const known = await this.read(this.database.manager, petitionId);
    if (known?.is_today && !anew) return known;
    // One at a time: of two who come first on a day, the second gets what the first was told.
    return this.database.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('country breakdown ' || $1, 0))`, [petitionId]);
      const standing = await this.read(tx, petitionId);
      if (standing?.is_today && !anew) return standing;
      const told = standing ?? { ...nothingTold, as_of: asOf, is_today: false };
      const next = nextTold(told, now, this.settings.SMALL_CELLS);
      const row = next === told ? told : { ...next, as_of: asOf, is_today: true };
      await tx.query(
        `INSERT INTO country_breakdowns (petition_id, taken_on, as_of, signed, withdrawn, cells)
         VALUES ($1, (now() AT TIME ZONE 'UTC')::date, $2, $3, $4, $5)
         ON CONFLICT (petition_id) DO UPDATE SET taken_on = excluded.taken_on, as_of = excluded.as_of,
           signed = excluded.signed, withdrawn = excluded.withdrawn, cells = excluded.cells`,
        [petitionId, row.as_of, row.signed, row.withdrawn, JSON.stringify(row.cells)],
      );
      return row;
    });
  }

  private async read(manager: EntityManager, petitionId: string): Promise<Row | null> {
    const [row] = await manager.query(
      `SELECT as_of, signed, withdrawn, cells, taken_on = (now() AT TIME ZONE 'UTC')::date AS is_today
       FROM country_breakdowns WHERE petition_id = $1`,
      [petitionId],
    );
    return row && { ...row, signed: Number(row.signed), withdrawn: Number(row.withdrawn) };
  }
}

function nowOf(snapshot: CountSnapshot): Now {
  const now: Now = { signed: 0, withdrawn: 0, counts: {} };
  for (const { country, signed, withdrawn, count } of snapshot.rows()) {
    now.signed += signed;
    now.withdrawn += withdrawn;
    now.counts[country!] = count;
  }
  return now;
}
