import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import {
  normalForm,
  readEmailField,
  readFormField,
  readPhoneField,
  readPostField,
} from './importers/contact-values.js';
import { Notebook } from './importers/import-record.js';
import type { NewContactPoint } from './lawmakers.schema.js';
import { hasMarked, recordsOfId } from './person-records.js';

/** Corrections by hand: they stand beside what imports bring, and no import undoes them. */
@Injectable()
export class ContactPointsService {
  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
  ) {}

  /** How many lawmakers have a contact point in use from which something came back. */
  async marked(): Promise<number> {
    // From the few that are marked to whom they belong, not through all lawmakers.
    const [row] = await this.database.query<{ marked: number }[]>(
      `SELECT count(*)::int AS marked FROM lawmakers l
       WHERE l.merged_into IS NULL AND l.id IN (
         SELECT coalesce(r.merged_into, r.id) FROM contact_points p JOIN lawmakers r ON r.id = p.lawmaker_id
         WHERE p.bounced_at IS NOT NULL) AND ${hasMarked('l')}`,
    );
    return row!.marked;
  }

  /** Adds a contact point of our own; one that was listed or struck out before becomes ours and usable again. */
  async add(lawmakerId: string, wanted: NewContactPoint, actor: Actor): Promise<string> {
    const value = checkedValue(wanted);
    return this.database.transaction(async (tx) => {
      const [found] = await tx.query<{ id: string }[]>(`SELECT id FROM lawmakers WHERE id = $1`, [lawmakerId]);
      if (!found) throw problems.notFound();
      const [point] = await tx.query<{ id: string }[]>(
        `INSERT INTO contact_points (id, lawmaker_id, channel, value, normal_form, label, position, source, listed, made_by)
         VALUES ($1, $2, $3, $4, $5, $6, 0, 'staff', false, $7)
         ON CONFLICT (lawmaker_id, channel, normal_form) DO UPDATE SET value = excluded.value, label = excluded.label,
           source = 'staff', made_by = excluded.made_by, struck_at = NULL, struck_by = NULL, bounced_at = NULL,
           bounced_status = NULL
         RETURNING id`,
        [
          uuidv7(),
          lawmakerId,
          wanted.channel,
          value,
          normalForm(wanted.channel, value),
          wanted.label ?? null,
          actor.name,
        ],
      );
      // Struck out on a record that was joined to this one: the latest word of a person counts for all.
      await tx.query(
        `UPDATE contact_points SET struck_at = NULL, struck_by = NULL WHERE channel = $2 AND normal_form = $3
           AND struck_at IS NOT NULL AND lawmaker_id = ANY (${recordsOfId('$1')})`,
        [lawmakerId, wanted.channel, normalForm(wanted.channel, value)],
      );
      const detail = { channel: wanted.channel, contactPoint: point!.id };
      await this.audit.record(tx, { actor, action: 'lawmakers.contact-point-added', subject: lawmakerId, detail });
      return point!.id;
    });
  }

  /** Strikes a contact point out for good: imports that list it again do not bring it back. */
  async strike(lawmakerId: string, id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [, struck] = await tx.query<[unknown, number]>(
        `UPDATE contact_points SET struck_at = now(), struck_by = $3 WHERE id = $1 AND struck_at IS NULL
           AND lawmaker_id = ANY (${recordsOfId('$2')})`,
        [id, lawmakerId, actor.name],
      );
      if (!struck) throw problems.notFound();
      const detail = { contactPoint: id };
      await this.audit.record(tx, { actor, action: 'lawmakers.contact-point-struck', subject: lawmakerId, detail });
    });
  }

  /** Marks an address that a letter came back from, or a wrong number, of whoever has it. Nothing is left out for it. */
  async markBounced(
    tx: EntityManager,
    address: string,
    status: string | null,
    channel: 'email' | 'phone' = 'email',
  ): Promise<void> {
    await tx.query(
      `UPDATE contact_points SET bounced_at = now(), bounced_status = $2 WHERE channel = $3 AND normal_form = $1`,
      [normalForm(channel, address), status, channel],
    );
  }

  async unmarkBounced(tx: EntityManager, address: string, channel: 'email' | 'phone' = 'email'): Promise<void> {
    await tx.query(
      `UPDATE contact_points SET bounced_at = NULL, bounced_status = NULL
       WHERE channel = $2 AND normal_form = $1 AND bounced_at IS NOT NULL`,
      [normalForm(channel, address), channel],
    );
  }

  /** A person has looked at the address and says that it is right. */
  async confirm(lawmakerId: string, id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [, changed] = await tx.query<[unknown, number]>(
        `UPDATE contact_points SET bounced_at = NULL, bounced_status = NULL
         WHERE id = $1 AND bounced_at IS NOT NULL
           AND lawmaker_id = ANY (${recordsOfId('$2')})`,
        [id, lawmakerId],
      );
      if (!changed) throw problems.notFound();
      const detail = { contactPoint: id };
      await this.audit.record(tx, { actor, action: 'lawmakers.contact-point-confirmed', subject: lawmakerId, detail });
    });
  }
}

function checkedValue({ channel, value }: NewContactPoint): string {
  const place = { file: '', line: null };
  const readers = {
    email: () => readEmailField(value, place, new Notebook()),
    form: () => readFormField(value, place, new Notebook()),
    phone: () => readPhoneField(value, null, place, new Notebook()),
    post: () => readPostField(value, null, place, new Notebook()),
  };
  const read = readers[channel]();
  if (read.length === 1 && read[0]!.channel === channel) return read[0]!.value;
  throw problems.invalid([
    { field: 'value', code: `contact-${channel}`, message: `This is no ${channel} contact point.` },
  ]);
}
