import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AnswerCache } from '../site/answer-cache.js';
import { Pressure } from '../site/pressure.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { everywhere, type SwitchName } from './switch.entity.js';
import type { SwitchOrder, SwitchView } from './switches.schema.js';

const freshFor = 1000;

interface Off {
  name: SwitchName;
  petitionId: string;
  slug: string | null;
}

/**
 * The emergency switches. They are rows, so that they hold for every process and outlive a restart; each process looks
 * at them again after a second.
 */
@Injectable()
export class Switches {
  private known: { off: Promise<Off[]>; until: number } | null = null;

  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
    private readonly answers: AnswerCache,
    pressure: Pressure,
  ) {
    pressure.demandedBy((slug) => this.isOff('easy-signing', slug));
  }

  /** Whether it is off for this petition, by its id or slug, or for all. */
  async isOff(name: SwitchName, petition: string): Promise<boolean> {
    return (await this.off()).some(
      (off) => off.name === name && [everywhere, petition].some((each) => each === off.petitionId || each === off.slug),
    );
  }

  /** Ids of the petitions for which it is off, or `all`. */
  async offFor(name: SwitchName): Promise<string[] | 'all'> {
    const ids = (await this.off()).flatMap((off) => (off.name === name ? [off.petitionId] : []));
    return ids.includes(everywhere) ? 'all' : ids;
  }

  /** Slugs of the petitions there are, for a choice. */
  async petitions(): Promise<string[]> {
    const rows: { slug: string }[] = await this.database.query(`SELECT slug FROM petitions ORDER BY slug`);
    return rows.map(({ slug }) => slug);
  }

  /** What is off, the latest first. */
  async list(): Promise<SwitchView[]> {
    const rows: (Omit<SwitchView, 'offSince'> & { offSince: Date })[] = await this.database.query(
      `SELECT switches.name, petitions.slug AS petition, reason, by_name AS "by", off_since AS "offSince"
       FROM switches LEFT JOIN petitions ON petitions.id = switches.petition_id ORDER BY off_since DESC, name`,
    );
    return rows.map((row) => ({ ...row, offSince: row.offSince.toISOString() }));
  }

  /** Turns something off, or on again. Twice is once. @throws Problem not-found for a petition that is none */
  async turn(name: SwitchName, { petition, off, reason }: SwitchOrder, actor: Actor | 'system'): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [found] = petition ? await tx.query(`SELECT id FROM petitions WHERE slug = $1`, [petition]) : [];
      if (petition && !found) throw problems.notFound('There is no petition of this name.');
      const petitionId = (found?.id as string | undefined) ?? everywhere;
      const changed = off
        ? await tx.query(
            `INSERT INTO switches (petition_id, name, reason, by_name) VALUES ($1, $2, $3, $4)
             ON CONFLICT (petition_id, name) DO NOTHING RETURNING 1`,
            [petitionId, name, reason, actor === 'system' ? 'system' : actor.name],
          )
        : (
            await tx.query(`DELETE FROM switches WHERE petition_id = $1 AND name = $2 RETURNING 1`, [petitionId, name])
          )[0];
      if (changed.length === 0) return;
      const action = off ? 'switch.off' : 'switch.on';
      await this.audit.record(tx, { actor, action, subject: name, detail: { petition: petition ?? null, reason } });
    });
    this.known = null;
    this.answers.expire();
  }

  private off(): Promise<Off[]> {
    if (!this.known || this.known.until < Date.now()) {
      const off = this.read();
      this.known = { off, until: Date.now() + freshFor };
      off.catch(() => (this.known = null));
    }
    return this.known.off;
  }

  private read(): Promise<Off[]> {
    return this.database.query(
      `SELECT name, petition_id AS "petitionId", slug FROM switches LEFT JOIN petitions ON petitions.id = petition_id`,
    );
  }
}
