import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Petitions, type PublishedPetition } from '../petitions/petitions.service.js';
import { Funnel, type FunnelDay } from '../signatures/funnel.service.js';

export interface SignatureDay {
  /** `YYYY-MM-DD`, in UTC. */
  day: string;
  signed: number;
  withdrawn: number;
  /** Signed minus withdrawn, on this day. */
  count: number;
  /** The count when the day was over. */
  total: number;
}

export interface SignatureCountry {
  /** ISO 3166-1 alpha-2. */
  country: string;
  signed: number;
  withdrawn: number;
  count: number;
  /** Of the count, what came in the last seven days that are over. */
  latest: number;
}

export interface PetitionFigures {
  /** By the clock of the database, in UTC. */
  today: string;
  count: number;
  /** Oldest first. */
  days: SignatureDay[];
  /** Most first. */
  countries: SignatureCountry[];
  /** Oldest first. */
  funnel: FunnelDay[];
}

interface Row {
  today: string;
  day: string | null;
  country: string | null;
  signed: string;
  withdrawn: string;
  latest: string;
}

/** What the console draws of one petition. */
@Injectable()
export class FiguresOfPetitions {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly funnel: Funnel,
  ) {}

  /**
   * One statement gives days and countries, so that they add up to the same count whatever is logged meanwhile. Its rows are days plus
   * countries, never signatures. @throws Problem not-found
   */
  async of(slug: string): Promise<PetitionFigures & { petition: PublishedPetition }> {
    const petition = await this.petitions.findForStaff(slug);
    const rows: Row[] = await this.database.query(
      `SELECT today::text, day::text, country, sum(signed) AS signed, sum(withdrawn) AS withdrawn,
         coalesce(sum(signed - withdrawn) FILTER (WHERE day BETWEEN today - 7 AND today - 1), 0) AS latest
       FROM (SELECT (now() AT TIME ZONE 'UTC')::date AS today) AS clock
       LEFT JOIN tallies ON petition_id = $1
       GROUP BY today, GROUPING SETS ((day), (country), ())
       ORDER BY day, sum(signed - withdrawn) DESC, country`,
      [petition.id],
    );
    const sums = ({ signed, withdrawn }: Row) => ({
      ...{ signed: Number(signed), withdrawn: Number(withdrawn), count: Number(signed) - Number(withdrawn) },
    });
    let total = 0;
    const days = rows.flatMap((row) =>
      row.day === null ? [] : [{ day: row.day, ...sums(row), total: (total += sums(row).count) }],
    );
    const countries = rows.flatMap((row) =>
      row.country === null ? [] : [{ country: row.country, ...sums(row), latest: Number(row.latest) }],
    );
    const funnel = (await this.funnel.days(petition.id, null)).reverse();
    return { petition, today: rows[0]!.today, count: total, days, countries, funnel };
  }
}
