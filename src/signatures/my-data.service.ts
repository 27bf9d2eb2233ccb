import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Petitions } from '../petitions/petitions.service.js';
import { Limits } from '../site/limits.service.js';
import { normalForm } from '../vault/normal-form.js';
import { Vault } from '../vault/vault.service.js';
import { Belongings } from './belongings.js';
import { withdrawalHours } from './retention.js';
import type { HeldData, HeldSignature, RememberedDigest } from './rights.schema.js';
import { SealedLinks } from './sealed-links.js';
import type { SealedForm } from './sealed-form.js';
import { openBox } from './signer-box.js';
import { topicOf } from './topics.js';

interface Row {
  petition_id: string;
  id: string;
  box: Buffer | null;
  country: string;
  locale: string;
  text_version: number;
  source: string;
  confirmed_hour: Date;
  slug: string;
  index: string | null;
  waiting: boolean;
  out: boolean;
  consents: { purpose: string; topic: string; wording: string; locale: string }[] | null;
}

/** Everything that is held about one address, in all petitions. */
@Injectable()
export class MyData {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly links: SealedLinks,
    private readonly vault: Vault,
    private readonly belongings: Belongings,
    private readonly limits: Limits,
  ) {}

  /** Whether there is anything but what asking itself leaves: for the mail that is about to be written. */
  async isHeld(form: SealedForm): Promise<boolean> {
    return (await this.rows(form)).length > 0 || (await this.withdrawals(form)).length > 0;
  }

  /** @throws Problem gone */
  async held(token: string): Promise<HeldData> {
    const form = this.links.open('my-data', token);
    const signatures = (await this.rows(form)).map(async (row): Promise<HeldSignature> => {
      const person = row.box && openBox(this.vault, row.petition_id, row.id, row.box);
      const { country, source, locale } = row;
      return {
        ...{ petition: row.slug, erased: person === null, country, source },
        ...{ name: person?.name ?? null, email: person?.email ?? null, words: person?.words || null },
        ...{ locale: locale || null, textVersion: row.text_version || null },
        confirmedHour: person ? row.confirmed_hour.toISOString() : null,
        consents: row.consents ?? [],
        auditSalt: person?.salt ?? null,
        state: row.out ? 'taken-out' : row.index !== null ? 'counted' : 'waiting',
        entry: row.index === null ? null : Number(row.index),
        kept: await this.belongings.held(row.petition_id, row.id),
      };
    });
    return {
      email: form.email,
      signatures: await Promise.all(signatures),
      remembered: [...(await this.mailCaps(form)), ...(await this.withdrawals(form))],
    };
  }

  /** Whether mails to this address are being counted: by a digest under the key of the day, never by the address. */
  private async mailCaps(form: SealedForm): Promise<RememberedDigest[]> {
    const caps = { 'confirmation-mails': 'mail-to-address', 'rights-mails': 'rights-mail-to-address' } as const;
    const found = await Promise.all(
      Object.entries(caps).map(async ([what, limit]) => {
        const until = await this.limits.remembers(limit, normalForm(form.email)!);
        return until ? [{ what: what as keyof typeof caps, petition: null, until: until.toISOString() }] : [];
      }),
    );
    return found.flat();
  }

  private async withdrawals(form: SealedForm): Promise<RememberedDigest[]> {
    const petitions = await this.petitions.all();
    const rows: { slug: string; until: Date }[] = await this.database.query(
      `SELECT p.slug, w.withdrawn_at + interval '${withdrawalHours} hours' AS until
       FROM unnest($1::uuid[], $2::bytea[]) AS hers (petition_id, identity)
       JOIN withdrawals w USING (petition_id, identity) JOIN petitions p ON p.id = w.petition_id ORDER BY p.slug`,
      [petitions.map(({ id }) => id), petitions.map(({ id }) => this.links.identity(id, form))],
    );
    return rows.map(({ slug, until }) => ({ what: 'withdrawal', petition: slug, until: until.toISOString() }));
  }

  /** One search for all petitions: in each she has another digest. */
  private async rows(form: SealedForm): Promise<Row[]> {
    const petitions = await this.petitions.all();
    return this.database.query(
      `SELECT s.*, p.slug, l.index, l.index IS NULL AS waiting, i.signature_id IS NOT NULL AS out,
         (SELECT jsonb_agg(jsonb_build_object('purpose', purpose, 'topic', ${topicOf('c')}, 'wording', wording, 'locale', c.locale) ORDER BY c.id)
          FROM consents c WHERE c.id = ANY (s.consents)) AS consents
       FROM unnest($1::uuid[], $2::bytea[]) AS hers (petition_id, identity)
       JOIN signatures s USING (petition_id, identity)
       JOIN petitions p ON p.id = s.petition_id
       LEFT JOIN log_positions l ON l.petition_id = s.petition_id AND l.signature_id = s.id
       LEFT JOIN invalidated i ON i.petition_id = s.petition_id AND i.signature_id = s.id
       ORDER BY p.slug`,
      [petitions.map(({ id }) => id), petitions.map(({ id }) => this.links.identity(id, form))],
    );
  }
}
