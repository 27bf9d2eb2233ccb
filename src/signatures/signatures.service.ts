import { Injectable, StreamableFile } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Logs } from '../countlog/logs.service.js';
import { Proofs } from '../countlog/proofs.service.js';
import { AdaptiveBatch } from '../database/adaptive-batch.js';
import { columnsOf } from '../database/binary-array.js';
import { isIn } from '../database/is-in.js';
import { prepared } from '../database/prepared.js';
import { type NewMail, OutboxService } from '../mail/outbox.service.js';
import { Petitions, type PublishedPetition } from '../petitions/petitions.service.js';
import { Limits } from '../site/limits.service.js';
import { Pressure } from '../site/pressure.js';
import { problems } from '../site/problem.js';
import { Switches } from '../switches/switches.service.js';
import { domainOf, normalForm, normalFormVersion } from '../vault/normal-form.js';
import { newId } from '../vault/random.js';
import { Vault } from '../vault/vault.service.js';
import { Consents } from './consents.service.js';
import { Funnel } from './funnel.service.js';
import { packForm, type SealedForm, type SignatureSource } from './sealed-form.js';
import { linkHours, SealedLinks } from './sealed-links.js';
import type { NewSignature } from './signatures.schema.js';
import { openBox, sealBox, type Signer } from './signer-box.js';
import { Suspicion } from './suspicion.js';

/** Stands in a link that is about all petitions. */
export const everyPetition = '00000000-0000-0000-0000-000000000000';

interface Confirmation {
  id: string;
  form: SealedForm;
  identity: Buffer;
  box: Buffer;
  /** What the count log will say of it. */
  entry: Buffer;
  domain: Buffer;
  /** Why a person looks at it first; mostly nothing. */
  signals: string[];
}

const isAdded = isIn('id', 'SELECT id FROM added');

/** Part of the statement only where there is something: its planning takes as long as its work. */
const flagged = `, flagged AS (
         INSERT INTO flags (petition_id, signature_id, signals)
         SELECT petition_id, id, signals::text[] FROM judged WHERE signals <> '{}' AND ${isAdded}
       )`;

type Outcome = 'signed' | 'already' | 'withdrawn' | 'closed';

/**
 * Signing without storing anybody before she confirms: the form travels sealed in the queued mail and in the link, and
 * becomes a row only when the button behind the link is pressed.
 */
@Injectable()
export class Signatures {
  private readonly asking = new AdaptiveBatch<NewMail, void>(
    async (mails) => {
      // One statement is its own transaction: BEGIN and COMMIT would be two more journeys per batch.
      await this.outbox.enqueue(this.database.manager, mails);
      this.outbox.wake();
      return mails.map(() => undefined);
    },
    { enough: 24 },
  );
  /** Nobody who presses a button sees 20 ms, and the database does in one batch what it would have done in six. */
  private readonly confirming = new AdaptiveBatch<Confirmation, Outcome>((batch) => this.insert(batch), {
    apartMs: 20,
    enough: 32,
  });

  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly outbox: OutboxService,
    private readonly vault: Vault,
    private readonly links: SealedLinks,
    private readonly limits: Limits,
    private readonly consents: Consents,
    private readonly logs: Logs,
    private readonly switches: Switches,
    private readonly pressure: Pressure,
    private readonly suspicion: Suspicion,
    private readonly funnel: Funnel,
    private readonly proofs: Proofs,
  ) {}

  /**
   * Queues the mail with the confirmation link; done when that is committed. What happens to a known or limited address
   * cannot be told from outside, neither by words nor by time: the mail worker looks, not this.
   * @throws Problem wrong-state if the petition is not open, invalid for an organisation that is not on it
   */
  async ask(slug: string, asked: NewSignature, source: SignatureSource): Promise<void> {
    const petition = await this.openPetition(slug);
    const given = (purpose: 'sign' | 'showName' | 'news') =>
      this.consents.id(purpose, asked.locale, asked.consents[purpose]);
    const organisations = await this.agreedWith(petition, asked);
    const { name, email, country, locale } = asked;
    const form = packForm({
      petitionId: petition.id,
      askedAt: Math.floor(Date.now() / 1000),
      name,
      email,
      country,
      locale,
      source,
      textVersion: this.petitions.text(petition, asked.locale).version,
      consents: { sign: given('sign'), showName: given('showName'), news: given('news') },
      organisations,
    });
    await this.queueMail('confirm-signature', petition.id, asked.email, this.vault.sealLink('confirm', form));
    this.funnel.count(petition.id, 'asked');
    this.pressure.note(slug);
  }

  /**
   * Queues a link that takes the name back or erases it, if there is anything to take back, one that shows everything
   * that is held, or one to write to lawmakers with, as one who has signed; the answer is the same if there is nothing.
   * @param slug of the petition; everything that is held is shown for all
   */
  async askForRights(
    kind: 'withdraw' | 'my-data' | 'write',
    email: string,
    locale: string,
    slug?: string,
  ): Promise<void> {
    const petitionId = slug ? (await this.petitions.find(slug)).id : everyPetition;
    const form = packForm({
      petitionId,
      askedAt: Math.floor(Date.now() / 1000),
      name: '',
      email,
      country: 'ZZ',
      locale,
      source: 'page',
      textVersion: 0,
      consents: { sign: 0, showName: 0, news: 0 },
    });
    const mails = { withdraw: 'withdraw-signature', 'my-data': 'my-data', write: 'write-letter' } as const;
    await this.queueMail(mails[kind], petitionId, email, this.vault.sealLink(kind, form));
  }

  /**
   * Counts the signature; done when it is committed. Twice is once.
   * @param codeHash of the code that she made herself, 32 bytes
   * @param busyNetwork many confirm from where she does
   * @returns fresh: she had not signed before, so the code is in the log; code: if it had to be made here, to be shown
   *   once: it is kept nowhere
   * @throws Problem gone if she has withdrawn since, wrong-state if the petition has closed in the meantime
   */
  async confirm(
    token: string,
    codeHash: Buffer | null = null,
    busyNetwork = false,
  ): Promise<{ petition: PublishedPetition; fresh: boolean; code: string | null }> {
    const form = this.links.open('confirm', token);
    const petition = await this.petitions.byId(form.petitionId);
    await this.refuseWhilePaused(petition);
    const id = newId(Math.floor(Date.now() / 3600_000) * 3600_000);
    const salt = this.vault.newSalt();
    const box = sealBox(this.vault, form.petitionId, id, { name: form.name, email: form.email, words: '', salt });
    const email = normalForm(form.email)!;
    const { entry, code } = await this.logs.signEntry(form.petitionId, {
      salt: Buffer.from(salt, 'base64'),
      email,
      codeHash,
    });
    const domain = domainOf(email);
    // One after the other: V8 gives every object that begins with a spread a hidden class of its own, which takes longer
    // than all of its seals.
    const outcome = await this.confirming.add({
      id,
      form,
      box,
      entry,
      identity: this.vault.identity(form.petitionId, email),
      domain: this.vault.domainDigest(form.petitionId, domain),
      signals: this.suspicion.signals(form.petitionId, domain, busyNetwork),
    });
    if (outcome === 'withdrawn') throw problems.refusal('name-taken-back');
    if (outcome === 'closed') throw problems.refusal('petition-not-open');
    const fresh = outcome === 'signed';
    if (fresh) this.funnel.count(petition.id, 'confirmed');
    return { petition, fresh, code: fresh ? code : null };
  }

  /** What the thank-you page shows. @throws Problem gone if nobody has signed with this link */
  async look(token: string): Promise<{ petitionId: string; words: string }> {
    const form = this.links.open('confirm', token);
    const [row] = await this.database.query(`SELECT id, box FROM signatures WHERE petition_id = $1 AND identity = $2`, [
      form.petitionId,
      this.links.identity(form.petitionId, form),
    ]);
    if (!row?.box) throw problems.refusal('no-signature');
    return { petitionId: form.petitionId, words: openBox(this.vault, form.petitionId, row.id, row.box).words };
  }

  /**
   * Who writes with this link: her signature as it is now.
   * @throws Problem gone if she has not signed, has withdrawn or was erased; wrong-state while a person must look at her signature
   */
  async writer(token: string): Promise<{ petitionId: string; signatureId: string; locale: string; signer: Signer }> {
    const form = this.links.open('write', token);
    const [row] = await this.database.query(
      `SELECT id, box, EXISTS (SELECT FROM flags f WHERE f.petition_id = s.petition_id AND f.signature_id = s.id)
         OR EXISTS (SELECT FROM invalidated i WHERE i.petition_id = s.petition_id AND i.signature_id = s.id) AS doubted
       FROM signatures s WHERE petition_id = $1 AND identity = $2 AND box IS NOT NULL`,
      [form.petitionId, this.links.identity(form.petitionId, form)],
    );
    if (!row) throw problems.refusal('no-signature');
    if (row.doubted) throw problems.refusal('signature-in-review');
    const signer = openBox(this.vault, form.petitionId, row.id, row.box);
    return { petitionId: form.petitionId, signatureId: row.id as string, locale: form.locale, signer };
  }

  /** From the link that confirmed to one that writes, as long as the first one is good. @throws Problem gone */
  writeLink(token: string): string {
    return this.vault.sealLink('write', packForm(this.links.open('confirm', token))).toString('base64url');
  }

  /** Her name and address, for a mail to her about something of hers; null if she has gone since. */
  async signer(petitionId: string, signatureId: string): Promise<(Signer & { locale: string }) | null> {
    const [row] = await this.database.query(
      `SELECT box, locale FROM signatures WHERE petition_id = $1 AND id = $2 AND box IS NOT NULL
         AND NOT EXISTS (SELECT FROM invalidated i WHERE i.petition_id = $1 AND i.signature_id = $2)`,
      [petitionId, signatureId],
    );
    return row ? { ...openBox(this.vault, petitionId, signatureId, row.box), locale: row.locale } : null;
  }

  /**
   * A file that she can keep as evidence that she is, or will be, counted. A promise binds: nobody keeps the entry from the
   * log after it. @throws Problem gone if she has not signed, has withdrawn or was erased
   */
  async receipt(token: string): Promise<StreamableFile> {
    const form = this.links.open('confirm', token);
    const [row] = await this.database.query(
      `SELECT id FROM signatures WHERE petition_id = $1 AND identity = $2 AND box IS NOT NULL`,
      [form.petitionId, this.links.identity(form.petitionId, form)],
    );
    const receipt = row && (await this.proofs.receipt(form.petitionId, row.id));
    if (!receipt) throw problems.refusal('no-signature');
    const { slug } = await this.petitions.byId(form.petitionId);
    const name = 'proof' in receipt ? `${slug}-${receipt.index}.tlog-proof` : `${slug}.petition-promise`;
    return new StreamableFile('proof' in receipt ? receipt.proof : receipt.promise, {
      type: 'application/octet-stream',
      disposition: `attachment; filename="${name}"`,
    });
  }

  /** Keeps the signer's own words with her name, sealed. @throws Problem gone */
  async addWords(token: string, words: string): Promise<PublishedPetition> {
    const form = this.links.open('confirm', token);
    const petition = await this.petitions.byId(form.petitionId);
    const identity = this.links.identity(form.petitionId, form);
    await this.database.transaction(async (tx) => {
      const [row] = await tx.query(
        `SELECT id, box FROM signatures WHERE petition_id = $1 AND identity = $2 FOR UPDATE`,
        [form.petitionId, identity],
      );
      if (!row?.box) throw problems.refusal('no-signature');
      const box = sealBox(this.vault, form.petitionId, row.id, {
        ...openBox(this.vault, form.petitionId, row.id, row.box),
        words,
      });
      await tx.query(`UPDATE signatures SET box = $3 WHERE petition_id = $1 AND id = $2`, [
        form.petitionId,
        row.id,
        box,
      ]);
    });
    return petition;
  }

  /** Whether this person has signed: for the mail that is about to be written, never for an answer over HTTP. */
  async hasSigned(form: SealedForm): Promise<boolean> {
    const rows = await this.database.query(`SELECT 1 FROM signatures WHERE petition_id = $1 AND identity = $2`, [
      form.petitionId,
      this.links.identity(form.petitionId, form),
    ]);
    return rows.length > 0;
  }

  /** Ids of the wordings that name the organisations she agreed with. @throws Problem invalid for one that is not there */
  private agreedWith(petition: PublishedPetition, { consents, locale }: NewSignature): Promise<number[]> {
    const wanted = [...new Set(consents.organisations)].map((id) => {
      const found = petition.organisations.find((organisation) => organisation.id === id);
      if (found) return found;
      const message = 'There is no such organisation on this petition.';
      throw problems.invalid([{ field: 'consents.organisations', code: 'no-such-organisation', message }]);
    });
    return Promise.all(wanted.map((organisation) => this.consents.ofOrganisation(organisation, locale)));
  }

  private async openPetition(slug: string): Promise<PublishedPetition> {
    const petition = await this.petitions.find(slug);
    if (petition.state !== 'open') throw problems.refusal('petition-not-open');
    await this.refuseWhilePaused(petition);
    return petition;
  }

  private async refuseWhilePaused(petition: PublishedPetition): Promise<void> {
    if (await this.switches.isOff('signing', petition.id)) {
      throw problems.refusal('signing-paused');
    }
  }

  private async queueMail(kind: string, petitionId: string, email: string, payload: Buffer): Promise<void> {
    // Above the limit the row is written all the same, empty: the answer takes as long, and no mail goes.
    const limit = kind === 'confirm-signature' ? 'mail-to-address' : 'rights-mail-to-address';
    const within = this.limits.allows(limit, normalForm(email)!);
    const id = newId();
    const expiresAt = new Date(Date.now() + linkHours * 3600_000);
    await this.asking.add({
      campaignId: petitionId,
      id,
      kind,
      ref: id,
      lane: 'confirmations',
      payload: within ? payload : undefined,
      expiresAt,
    });
  }

  /** One statement for the whole batch: the unique index decides who is new, and what is new is queued to be counted. */
  private async insert(batch: Confirmation[]): Promise<Outcome[]> {
    const column = columnsOf(batch);
    const rows = await prepared<{ outcome: Outcome }>(
      this.database.manager,
      `WITH judged AS MATERIALIZED (
         SELECT asked.*, p.state = 'open' AS open, p.hold_minutes,
           EXISTS (SELECT 1 FROM withdrawals w WHERE w.petition_id = asked.petition_id AND w.identity = asked.identity
                   AND w.withdrawn_at >= asked.asked_at) AS withdrawn
         FROM unnest(
           $1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::int[], $8::text[], $9::text[],
           $10::timestamptz[], $11::uuid[], $12::bytea[], $13::bytea[], $14::text[]
         ) WITH ORDINALITY AS asked (
           petition_id, id, identity, box, country, locale, text_version, source, consents, asked_at, entry_id, entry, domain, signals,
           place
         ) JOIN petitions p ON p.id = asked.petition_id
       ), added AS (
         INSERT INTO signatures
           (petition_id, id, identity, normal_form, domain, box, country, locale, text_version, source, consents)
         SELECT petition_id, id, identity, ${normalFormVersion}, domain, box, country, locale, text_version, source, consents::int[]
         FROM judged WHERE open AND NOT withdrawn ORDER BY petition_id, identity
         ON CONFLICT (petition_id, identity) DO NOTHING
         RETURNING id
       ), queued AS (
         INSERT INTO log_queue (petition_id, id, kind, entry, due_at, signature_id, day, country, source)
         SELECT petition_id, entry_id, 'sign', entry,
           CASE WHEN signals <> '{}' THEN 'infinity' WHEN hold_minutes = 0 THEN now()
             -- To the minute: the moment she confirmed is nobody's business.
             ELSE date_trunc('minute', now()) + (hold_minutes + 1) * interval '1 minute' END,
           id, (now() AT TIME ZONE 'UTC')::date, country, source
         FROM judged WHERE ${isAdded}
       )${batch.some(({ signals }) => signals.length > 0) ? flagged : ''}
       SELECT CASE WHEN ${isAdded} THEN 'signed'
         -- Asked of the few alone that were not added, as it was before this statement; with OFFSET one by one, where a
         -- plan from the first days would have read all.
         WHEN EXISTS (
           SELECT 1 FROM signatures s WHERE s.petition_id = judged.petition_id AND s.identity = judged.identity OFFSET 0
         ) THEN 'already'
         WHEN withdrawn THEN 'withdrawn' WHEN NOT open THEN 'closed' ELSE 'already' END AS outcome
       FROM judged ORDER BY place`,
      [
        column('uuid', ({ form }) => form.petitionId),
        column('uuid', ({ id }) => id),
        column('bytea', ({ identity }) => identity),
        column('bytea', ({ box }) => box),
        column('text', ({ form }) => form.country),
        column('text', ({ form }) => form.locale),
        column('int', ({ form }) => form.textVersion),
        column('text', ({ form }) => form.source),
        column(
          'text',
          ({ form }) =>
            `{${[...Object.values(form.consents), ...(form.organisations ?? [])].filter(Boolean).join(',')}}`,
        ),
        column('timestamptz', ({ form }) => new Date(form.askedAt * 1000)),
        column('uuid', () => newId()),
        column('bytea', ({ entry }) => entry),
        column('bytea', ({ domain }) => domain),
        column('text', ({ signals }) => `{${signals.join(',')}}`),
      ],
    );
    return rows.map(({ outcome }) => outcome);
  }
}
