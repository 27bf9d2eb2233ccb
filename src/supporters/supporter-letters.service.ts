import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { AudienceMember } from '../lawmakers/audience.js';
import { AudienceService } from '../lawmakers/audience.service.js';
import { sha256 } from '../letters/digest.js';
import { LetterCampaigns, type WholeCampaign } from '../letters/letter-campaigns.service.js';
import { letterId } from '../letters/letter-mail.js';
import { LetterPaces } from '../letters/letter-paces.service.js';
import { LetterPlans, type PlannedLetter } from '../letters/letter-plans.service.js';
import { oneLine } from '../letters/placeholders.js';
import { insertLetters } from '../letters/planning.js';
import { OutboxService } from '../mail/outbox.service.js';
import { PetitionExtras } from '../petitions/petition-extras.js';
import { Belongings, type Belonging, type Keeper } from '../signatures/belongings.js';
import { Signatures } from '../signatures/signatures.service.js';
import { problems } from '../site/problem.js';
import { newId } from '../vault/random.js';
import { Vault } from '../vault/vault.service.js';
import { likenessOf } from './likeness.js';
import { lawmakersOf } from './own-lawmakers.js';
import { sealCopy, sealLetter } from './sealed-letter.js';
import type { OwnLetter } from './write.schema.js';

/** Letters of one supporter in one campaign. */
export const mostLetters = 10;
/** Letters to carry by hand that one page shows: a parliament without areas may have hundreds. */
const mostByHand = 20;
/** Milliseconds for which the list of lawmakers is kept; whoever objects is left out at once all the same. */
const listFreshFor = 30_000;

/** Who writes with a link, and what she may write. */
export interface Desk {
  campaign: WholeCampaign;
  petitionId: string;
  signatureId: string;
  name: string;
  email: string;
  /** Lawmakers she has written to already. */
  written: Set<string>;
}

/** One letter as it will be read. */
export interface OwnText {
  lawmaker: AudienceMember;
  subject: string;
  text: string;
  locale: string;
  variantId: string | null;
}

/** Letters that confirmed supporters send to their own lawmakers, each in her own name. */
@Injectable()
export class SupporterLetters implements Keeper {
  readonly name = 'letters';
  private readonly lists = new Map<string, { members: Promise<AudienceMember[]>; until: number }>();

  constructor(
    private readonly database: DataSource,
    private readonly signatures: Signatures,
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
    private readonly paces: LetterPaces,
    private readonly audiences: AudienceService,
    private readonly outbox: OutboxService,
    private readonly vault: Vault,
    belongings: Belongings,
    extras: PetitionExtras,
  ) {
    belongings.register(this);
    extras.register('write', async (petitionId) => (await this.openId(petitionId)) !== null);
  }

  /** @throws Problem gone where the link or the signature is gone; wrong-state where nobody may write now */
  async desk(token: string): Promise<Desk> {
    const { petitionId, signatureId, signer } = await this.signatures.writer(token);
    const id = await this.openId(petitionId);
    if (!id) throw problems.wrongState('Supporters of this petition can write no letters at the moment.');
    const rows: { lawmaker_id: string }[] = await this.database.query(
      `SELECT lawmaker_id FROM letters JOIN supporter_letters s USING (campaign_id, id)
       WHERE campaign_id = $1 AND s.petition_id = $2 AND s.signature_id = $3`,
      [id, petitionId, signatureId],
    );
    return {
      campaign: await this.campaigns.find(id),
      ...{ petitionId, signatureId, name: oneLine(signer.name) ?? '', email: signer.email },
      written: new Set(rows.map(({ lawmaker_id }) => lawmaker_id)),
    };
  }

  /** @throws Problem not-found where no letter is open to supporters of this petition */
  async requireOpen(petitionId: string): Promise<void> {
    if (!(await this.openId(petitionId))) throw problems.notFound();
  }

  /** Everybody in the audience; the same list for half a minute. */
  members(campaign: WholeCampaign): Promise<AudienceMember[]> {
    const known = this.lists.get(campaign.id);
    if (known && known.until > Date.now()) return known.members;
    const members = this.plans.members(campaign);
    this.lists.set(campaign.id, { members, until: Date.now() + listFreshFor });
    members.catch(() => this.lists.delete(campaign.id));
    return members;
  }

  /** The letters as they would leave now: only to lawmakers of the area, with an e-mail address, not written to yet. */
  async texts(desk: Desk, { area, lawmakers, words }: OwnLetter): Promise<OwnText[]> {
    const chosen = lawmakersOf(await this.members(desk.campaign), area).filter(
      ({ lawmakerId, contactPoint }) =>
        lawmakers.includes(lawmakerId) && contactPoint?.channel === 'email' && !desk.written.has(lawmakerId),
    );
    const left = mostLetters - desk.written.size;
    if (chosen.length > left) {
      throw problems.invalid([
        { field: 'lawmakers', code: 'too-many-letters', message: `You can write ${left} more letters.` },
      ]);
    }
    const planned = await this.plans.plan(desk.campaign, chosen, {
      ...{ name: desk.name, email: desk.email, ownWords: words },
    });
    return planned.flatMap(asText);
  }

  /** Letters of the area that she must carry herself: to copy, with the place where they go. */
  async byHand(desk: Desk, area: string): Promise<(OwnText & { contact: string; channel: string })[]> {
    const others = lawmakersOf(await this.members(desk.campaign), area)
      .filter(({ contactPoint }) => contactPoint && contactPoint.channel !== 'email')
      .slice(0, mostByHand);
    const planned = await this.plans.plan(desk.campaign, others, {
      ...{ name: desk.name, email: desk.email, ownWords: '' },
    });
    return planned.flatMap(asText).map((text) => ({
      ...text,
      // What stands below the words is about letters that we hand on.
      text: text.text.slice(0, text.text.lastIndexOf('\n\n-- \n')),
      contact: text.lawmaker.contactPoint!.value,
      channel: text.lawmaker.contactPoint!.channel,
    }));
  }

  /**
   * Sends what she has seen. Twice is once: there is one letter from her to each lawmaker.
   * @param seen digest of the texts on her page
   * @returns false: the texts are others by now, so nothing was sent and she should look again
   */
  async send(token: string, wanted: OwnLetter, seen: string): Promise<boolean> {
    const desk = await this.desk(token);
    const texts = await this.texts(desk, wanted);
    if (texts.length === 0) return desk.written.size > 0;
    if (digestOf(texts) !== seen) return false;
    await this.database.transaction((tx) => this.write(tx, desk, texts, wanted.words));
    this.outbox.wake();
    return true;
  }

  private async write(tx: EntityManager, desk: Desk, texts: OwnText[], words: string): Promise<void> {
    const { campaign, petitionId, signatureId } = desk;
    // Shared, so that signers do not wait for each other; a pause or the end waits for them.
    const open = await tx.query<unknown[]>(
      `SELECT FROM letter_campaigns WHERE id = $1 AND state = 'dispatching' AND not_after > now() FOR SHARE`,
      [campaign.id],
    );
    if (open.length === 0) throw problems.wrongState('Supporters can send no letters at the moment.');
    // Her own row: of two sends at once the second sees the letters of the first, and a withdrawal waits or is seen.
    const hers = await tx.query<unknown[]>(
      `SELECT FROM signatures WHERE petition_id = $1 AND id = $2 AND box IS NOT NULL FOR UPDATE`,
      [petitionId, signatureId],
    );
    if (hers.length === 0) throw problems.gone('There is no signature behind this link.');
    const [{ before }] = await tx.query(
      `SELECT count(*)::int AS before FROM supporter_letters WHERE campaign_id = $1 AND petition_id = $2 AND signature_id = $3`,
      [campaign.id, petitionId, signatureId],
    );
    const objecting = await this.audiences.objecting(
      tx,
      texts.map(({ lawmaker }) => lawmaker.lawmakerId),
    );
    const now = new Date();
    const rows = texts
      .filter(({ lawmaker }) => !objecting.has(lawmaker.lawmakerId))
      .slice(0, mostLetters - (before as number))
      .map(({ lawmaker, locale, variantId }) => ({
        id: letterId(campaign.id, lawmaker.lawmakerId, now, signatureId),
        ...{ lawmakerId: lawmaker.lawmakerId, lawmakerName: lawmaker.name, state: 'mail' as const, reason: null },
        ...{ party: lawmaker.party, chamber: lawmaker.chamber, area: lawmaker.area, legislature: lawmaker.legislature },
        ...{ stream: lawmaker.legislatureSlug ?? '', locale, channel: 'email', contact: lawmaker.contactPoint!.value },
        ...{ variantId, subject: null, body: null, raw: null, rawSha256: null, tail: null },
      }));
    const letters = await insertLetters(tx, campaign.id, rows, signatureId);
    if (letters.length === 0) return;
    await tx.query(
      `INSERT INTO supporter_letters (campaign_id, id, petition_id, signature_id, likeness)
       SELECT $1, unnest($2::uuid[]), $3, $4, $5::int[]`,
      [campaign.id, letters.map(({ id }) => id), petitionId, signatureId, likenessOf(this.vault, words)],
    );
    const textOf = new Map(texts.map((text) => [text.lawmaker.lawmakerId, text]));
    const copy = newId();
    await this.paces.join(
      tx,
      campaign,
      letters.map(({ stream }) => stream),
    );
    await this.outbox.enqueue(tx, [
      ...letters.map((letter) => {
        const { subject, text } = textOf.get(letter.lawmakerId)!;
        return {
          ...{ campaignId: campaign.id, id: letter.id, kind: 'supporter-letter', ref: letter.id },
          ...{ lane: 'letters' as const, recipient: letter.contact!, stream: letter.stream },
          payload: sealLetter(this.vault, petitionId, letter.id, {
            ...{ subject, text, name: desk.name, email: desk.email },
            ...{ to: letter.contact!, toName: letter.lawmakerName, organisation: campaign.organisation },
          }),
          expiresAt: campaign.notAfter!,
        };
      }),
      {
        ...{ campaignId: petitionId, id: copy, kind: 'letter-copy', ref: `${signatureId} ${copy}` },
        lane: 'confirmations' as const,
        payload: sealCopy(
          this.vault,
          petitionId,
          copy,
          letters.map(({ lawmakerId, lawmakerName }) => ({ to: lawmakerName, text: textOf.get(lawmakerId)!.text })),
        ),
      },
    ]);
  }

  /** For my-data. */
  held(petitionId: string, signatureId: string): Promise<Belonging[]> {
    return this.database.query(
      `SELECT l.lawmaker_name AS "to", l.area, to_char(s.written_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS "on",
         coalesce(o.state, l.state) AS state
       FROM supporter_letters s JOIN letters l USING (campaign_id, id)
       LEFT JOIN outbox o ON o.campaign_id = l.campaign_id AND o.id = l.id
       WHERE s.petition_id = $1 AND s.signature_id = $2 ORDER BY s.written_at, l.lawmaker_name`,
      [petitionId, signatureId],
    );
  }

  /** What has not left never does; that a letter left stays in the count, and is nobody's. */
  async forget(tx: EntityManager, petitionId: string, signatureIds: string[]): Promise<void> {
    const [gone] = await tx.query<[{ campaign_id: string; id: string }[], number]>(
      `DELETE FROM supporter_letters WHERE petition_id = $1 AND signature_id = ANY ($2) RETURNING campaign_id, id`,
      [petitionId, signatureIds],
    );
    for (const campaignId of new Set(gone.map((row) => row.campaign_id))) {
      const ids = gone.filter((row) => row.campaign_id === campaignId).map(({ id }) => id);
      await this.outbox.forget(tx, campaignId, ids);
      await tx.query(`UPDATE letters SET sender = gen_random_uuid()::text WHERE campaign_id = $1 AND id = ANY ($2)`, [
        campaignId,
        ids,
      ]);
    }
    const mails = await tx.query<{ id: string }[]>(
      `SELECT id FROM outbox WHERE campaign_id = $1 AND kind = 'letter-copy'
         AND split_part(ref, ' ', 1) = ANY ($2::text[])`,
      [petitionId, signatureIds],
    );
    await this.outbox.forget(
      tx,
      petitionId,
      mails.map(({ id }) => id),
    );
  }

  private async openId(petitionId: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }[]>(
      `SELECT id FROM letter_campaigns WHERE petition_id = $1 AND mode = 'supporters' AND state = 'dispatching'
         AND coalesce(not_before <= now(), true) AND not_after > now()`,
      [petitionId],
    );
    return row?.id ?? null;
  }
}

/** What she says yes to: every text with its addressee, to the letter. */
export const digestOf = (texts: OwnText[]): string =>
  sha256(
    JSON.stringify(texts.map(({ lawmaker, subject, text }) => [lawmaker.contactPoint!.value, subject, text])),
  ).toString('hex');

const asText = ({ member, letter }: PlannedLetter): OwnText[] =>
  letter
    ? [
        {
          lawmaker: member,
          subject: letter.subject,
          text: letter.text,
          locale: letter.locale,
          variantId: letter.variantId,
        },
      ]
    : [];
