import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AudienceService } from '../lawmakers/audience.service.js';
import { letterId } from '../letters/letter-mail.js';
import { LetterPaces } from '../letters/letter-paces.service.js';
import { type StopOf, stopsOf } from '../letters/letter-stops.js';
import { insertLetters } from '../letters/planning.js';
import { OutboxService } from '../mail/outbox.service.js';
import { Belongings, type Belonging, type Keeper } from '../signatures/belongings.js';
import type { Locale } from '../site/languages.js';
import { problems } from '../site/problem.js';
import { newId } from '../vault/random.js';
import { Vault } from '../vault/vault.service.js';
import { DigestSupporters } from './digest-supporters.service.js';
import { likenessOf } from './likeness.js';
import { sealCopy, sealLetter } from './sealed-letter.js';
import { leftOf, writtenSql } from './letters-left.js';
import { type Desk, digestOf, noMoreLetters, type OwnText, WriteDesks } from './write-desks.service.js';
import type { OwnLetter } from './write.schema.js';

/** Letters that confirmed supporters send to their own lawmakers, each in her own name. */
@Injectable()
export class SupporterLetters implements Keeper {
  readonly name = 'letters';

  constructor(
    private readonly database: DataSource,
    private readonly desks: WriteDesks,
    private readonly paces: LetterPaces,
    private readonly audiences: AudienceService,
    private readonly outbox: OutboxService,
    private readonly vault: Vault,
    private readonly digests: DigestSupporters,
    belongings: Belongings,
  ) {
    belongings.register(this);
  }

  /**
   * Sends what she has seen. Twice is once: there is one letter from her to each lawmaker.
   * @param seen digest of the texts on her page
   * @param locale of the page: what she agreed to is kept in its words
   * @returns false: the texts are others by now, so nothing was sent and she should look again
   */
  async send(token: string, wanted: OwnLetter, seen: string, locale: Locale): Promise<boolean> {
    const desk = await this.desks.open(token);
    const texts = await this.desks.texts(desk, wanted);
    if (texts.length === 0) return desk.written.size > 0;
    if (digestOf(texts) !== seen) return false;
    const area = await this.desks.areaName(desk, wanted.area);
    await this.database.transaction(async (tx) => {
      const { free, stopOf } = await this.free(tx, desk, texts);
      const copyId = newId();
      const sent = desk.campaign.digest
        ? await this.digests.join(tx, desk, free, wanted, { copyId, locale, area })
        : await this.write(tx, desk, free, { words: wanted.words, copyId, stopOf });
      if (sent.length > 0) await this.copy(tx, desk, sent, copyId);
    });
    this.outbox.wake();
    return true;
  }

  /** Those of the texts that may still be sent, and which of them wait, under the rows that say so. */
  private async free(tx: EntityManager, desk: Desk, texts: OwnText[]): Promise<{ free: OwnText[]; stopOf: StopOf }> {
    const { campaign, petitionId, signatureId } = desk;
    // Shared, so that signers do not wait for each other; a pause or the end waits for them.
    const open = await tx.query<unknown[]>(
      `SELECT FROM letter_campaigns WHERE id = $1 AND state = 'dispatching' AND not_after > now() FOR SHARE`,
      [campaign.id],
    );
    if (open.length === 0) throw problems.refusal('no-letters-now');
    const stopOf = await stopsOf(tx, campaign.id);
    if (texts.some((text) => stopOf(placeOf(text)) === 'cancel')) throw noMoreLetters();
    // Her own row: of two sends at once the second sees the letters of the first, and a withdrawal waits or is seen.
    const hers = await tx.query<unknown[]>(
      `SELECT FROM signatures WHERE petition_id = $1 AND id = $2 AND box IS NOT NULL FOR UPDATE`,
      [petitionId, signatureId],
    );
    if (hers.length === 0) throw problems.refusal('no-signature');
    const before = await tx.query<{ lawmaker_id: string; today: boolean }[]>(writtenSql, [
      ...[campaign.id, petitionId, signatureId],
    ]);
    const written = new Set(before.map(({ lawmaker_id }) => lawmaker_id));
    const objecting = await this.audiences.objecting(
      tx,
      texts.map(({ lawmaker }) => lawmaker.lawmakerId),
    );
    const free = texts
      .filter(({ lawmaker: { lawmakerId } }) => !objecting.has(lawmakerId) && !written.has(lawmakerId))
      .slice(0, leftOf(campaign, before).leftToday);
    return { free, stopOf };
  }

  /** A letter of her own to each. @returns the texts that were not there before */
  private async write(
    tx: EntityManager,
    desk: Desk,
    texts: OwnText[],
    { words, copyId, stopOf }: { words: string; copyId: string; stopOf: StopOf },
  ): Promise<OwnText[]> {
    const { campaign, petitionId, signatureId } = desk;
    const now = new Date();
    const rows = texts.map(({ lawmaker, locale, variantId }) => ({
      id: letterId(campaign.id, lawmaker.lawmakerId, now, signatureId),
      ...{ lawmakerId: lawmaker.lawmakerId, lawmakerName: lawmaker.name, state: 'mail' as const, reason: null },
      ...{ party: lawmaker.party, chamber: lawmaker.chamber, area: lawmaker.area, legislature: lawmaker.legislature },
      ...{ stream: lawmaker.legislatureSlug ?? '', locale, channel: 'email', contact: lawmaker.contactPoint!.value },
      ...{ variantId, subject: null, body: null, raw: null, rawSha256: null, tail: null },
    }));
    const letters = await insertLetters(tx, campaign.id, rows, signatureId);
    if (letters.length === 0) return [];
    await tx.query(
      `INSERT INTO supporter_letters (campaign_id, id, petition_id, signature_id, copy_id, likeness)
       SELECT $1, unnest($2::uuid[]), $3, $4, $5, $6::int[]`,
      [campaign.id, letters.map(({ id }) => id), petitionId, signatureId, copyId, likenessOf(this.vault, words)],
    );
    const textOf = new Map(texts.map((text) => [text.lawmaker.lawmakerId, text]));
    await this.paces.join(
      tx,
      campaign,
      letters.map(({ stream }) => stream),
    );
    await this.outbox.enqueue(
      tx,
      letters.map((letter) => {
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
    );
    const paused = letters.filter((letter) => stopOf(letter) === 'pause').map(({ id }) => id);
    if (paused.length > 0) await this.outbox.holdPart(tx, campaign.id, { ids: paused });
    return letters.map(({ lawmakerId }) => textOf.get(lawmakerId)!);
  }

  private async copy(
    tx: EntityManager,
    { campaign, petitionId, signatureId }: Desk,
    texts: OwnText[],
    copyId: string,
  ): Promise<void> {
    const copies = texts.map(({ lawmaker, text }) => ({ to: lawmaker.name, text, digest: campaign.digest }));
    await this.outbox.enqueue(tx, [
      {
        ...{ campaignId: petitionId, id: copyId, kind: 'letter-copy', ref: `${signatureId} ${copyId}` },
        lane: 'confirmations',
        payload: sealCopy(this.vault, petitionId, copyId, copies),
      },
    ]);
  }

  /** For my-data. */
  async held(petitionId: string, signatureId: string): Promise<Belonging[]> {
    const letters = await this.database.query<Belonging[]>(
      `SELECT l.lawmaker_name AS "to", l.area, to_char(s.written_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS "on",
         coalesce(o.state, l.state) AS state
       FROM supporter_letters s JOIN letters l USING (campaign_id, id)
       LEFT JOIN outbox o ON o.campaign_id = l.campaign_id AND o.id = l.id
       WHERE s.petition_id = $1 AND s.signature_id = $2 ORDER BY s.written_at, l.lawmaker_name`,
      [petitionId, signatureId],
    );
    return [...letters, ...(await this.digests.held(petitionId, signatureId))];
  }

  /** What has not left never does; that a letter left stays in the count, and is nobody's. */
  async forget(tx: EntityManager, petitionId: string, signatureIds: string[]): Promise<void> {
    await this.digests.forget(tx, petitionId, signatureIds);
    const [gone] = await tx.query<[{ campaign_id: string; id: string; copy_id: string }[], number]>(
      `DELETE FROM supporter_letters WHERE petition_id = $1 AND signature_id = ANY ($2)
       RETURNING campaign_id, id, copy_id`,
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
    if (gone.length > 0) await this.outbox.forget(tx, petitionId, [...new Set(gone.map((row) => row.copy_id))]);
  }
}

const placeOf = ({ lawmaker }: OwnText) => ({
  stream: lawmaker.legislatureSlug ?? '',
  lawmakerId: lawmaker.lawmakerId,
});
