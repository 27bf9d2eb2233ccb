import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

const stages = ['asked', 'mailed', 'confirmed'] as const;
export type Stage = (typeof stages)[number];
type Steps = Record<Stage, number>;

export interface FunnelDay extends Steps {
  /** YYYY-MM-DD, UTC. */
  day: string;
}

/**
 * How many people got how far, per petition and day. Counted in memory and added once a second in one statement, so that
 * no signer waits for a row that others write; what a crash takes away is at most one second of it. The count itself comes
 * from the log and never from here.
 */
@Injectable()
export class Funnel implements OnModuleInit, OnModuleDestroy {
  private steps = new Map<string, Steps>();
  private timer?: NodeJS.Timeout;

  constructor(private readonly database: DataSource) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.save().catch(() => undefined), 1000).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.save();
  }

  count(petitionId: string, stage: Stage, people = 1): void {
    let steps = this.steps.get(petitionId);
    if (!steps) this.steps.set(petitionId, (steps = { asked: 0, mailed: 0, confirmed: 0 }));
    steps[stage] += people;
  }

  /** Adds what was counted since the last time; what cannot be written now is added the next time. */
  async save(): Promise<void> {
    const counted = this.steps;
    if (counted.size === 0) return;
    this.steps = new Map();
    try {
      await this.database.query(
        `INSERT INTO funnel (petition_id, day, asked, mailed, confirmed)
         SELECT petition_id, (now() AT TIME ZONE 'UTC')::date, asked, mailed, confirmed
         FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) AS new (petition_id, asked, mailed, confirmed)
         ORDER BY petition_id
         ON CONFLICT (petition_id, day) DO UPDATE SET asked = funnel.asked + excluded.asked,
           mailed = funnel.mailed + excluded.mailed, confirmed = funnel.confirmed + excluded.confirmed`,
        [[...counted.keys()], ...stages.map((stage) => [...counted.values()].map((steps) => steps[stage]))],
      );
    } catch (error) {
      for (const [petitionId, steps] of counted) {
        for (const stage of stages) this.count(petitionId, stage, steps[stage]);
      }
      throw error;
    }
  }

  /** The newest day first. @param petitionId null: all petitions together. @param most null: all of them */
  async days(petitionId: string | null, most: number | null = 30): Promise<FunnelDay[]> {
    await this.save();
    const rows: Record<string, string>[] = await this.database.query(
      `SELECT day::text, sum(asked) AS asked, sum(mailed) AS mailed, sum(confirmed) AS confirmed FROM funnel
       WHERE $1::uuid IS NULL OR petition_id = $1 GROUP BY funnel.day ORDER BY funnel.day DESC LIMIT $2`,
      [petitionId, most],
    );
    return rows.map(({ day, asked, mailed, confirmed }) => ({
      day: day!,
      ...{ asked: Number(asked), mailed: Number(mailed), confirmed: Number(confirmed) },
    }));
  }
}
