import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { OutboxService } from '../mail/outbox.service.js';
import { Consents } from '../signatures/consents.service.js';
import type { Belonging } from '../signatures/belongings.js';
import type { Locale } from '../site/languages.js';
import { newId } from '../vault/random.js';
import { Vault } from '../vault/vault.service.js';
import { likenessOf } from './likeness.js';
import { openVoice, sealVoice } from './sealed-letter.js';
import { type Desk, type OwnText, voiceOf } from './write-desks.service.js';
import type { OwnLetter } from './write.schema.js';

/** Mails that have not left: whoever is forgotten now is not in them. */
const unsent = `('queued', 'claimed', 'deferred', 'held')`;

/** What supporters pass on through digests, from their saying so until it has left. */
@Injectable()
export class DigestSupporters {
  constructor(
    private readonly database: DataSource,
    private readonly consents: Consents,
    private readonly outbox: OutboxService,
    private readonly vault: Vault,
  ) {}

  /**
   * She joins those for whom the next digests speak: once for each lawmaker.
   * @returns the texts that were not there before
   */
  async join(
    tx: EntityManager,
    desk: Desk,
    texts: OwnText[],
    wanted: OwnLetter,
    { copyId, locale, area }: { copyId: string; locale: Locale; area: string | null },
  ): Promise<OwnText[]> {
    const voice = voiceOf(desk, wanted, area);
    const saysSomething = voice.words || voice.name || voice.area;
    const rows = texts.map(({ lawmaker }) => {
      const id = newId();
      const box = saysSomething ? sealVoice(this.vault, desk.petitionId, id, voice).toString('hex') : null;
      return { id, lawmakerId: lawmaker.lawmakerId, name: lawmaker.name, area: lawmaker.area, box };
    });
    const given = [
      this.consents.id('passWords', locale, voice.words !== ''),
      this.consents.id('passName', locale, wanted.passName),
      this.consents.id('passArea', locale, wanted.passArea),
    ].filter(Boolean);
    const joined = await tx.query<{ lawmaker_id: string }[]>(
      `INSERT INTO digest_supporters (campaign_id, id, lawmaker_id, lawmaker_name, area, petition_id, signature_id, copy_id,
                                      consents, likeness, box)
       SELECT $1, id, "lawmakerId", name, area, $3, $4, $5, $6, $7, decode(box, 'hex')
       FROM jsonb_to_recordset($2::jsonb) AS hers (id uuid, "lawmakerId" uuid, name text, area text, box text)
       ON CONFLICT (campaign_id, lawmaker_id, signature_id) DO NOTHING
       RETURNING lawmaker_id`,
      [
        ...[desk.campaign.id, JSON.stringify(rows), desk.petitionId, desk.signatureId, copyId, given],
        likenessOf(this.vault, voice.words),
      ],
    );
    const ids = new Set(joined.map(({ lawmaker_id }) => lawmaker_id));
    return texts.filter(({ lawmaker }) => ids.has(lawmaker.lawmakerId));
  }

  /** For my-data: with what she passes on, as long as it is here. */
  async held(petitionId: string, signatureId: string): Promise<Belonging[]> {
    const rows = await this.database.query<(Belonging & { id: string; box: Buffer | null })[]>(
      `SELECT d.id, d.box, d.lawmaker_name AS "to", d.area, to_char(d.written_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS "on",
         CASE WHEN d.failed_at IS NOT NULL THEN coalesce(o.state, 'expired') ELSE coalesce(o.state, 'queued') END AS state
       FROM digest_supporters d LEFT JOIN outbox o ON o.campaign_id = d.campaign_id AND o.id = d.digest_id
       WHERE d.petition_id = $1 AND d.signature_id = $2 ORDER BY d.written_at, d.lawmaker_name`,
      [petitionId, signatureId],
    );
    return rows.map(({ id, box, ...row }) => {
      const voice = box && openVoice(this.vault, petitionId, id, box);
      return { ...row, words: voice?.words || null, nameGiven: voice?.name ?? null, areaGiven: voice?.area ?? null };
    });
  }

  /** She is in no digest that has not left: a worker that has one in hand loses it, and writes it again without her. */
  async forget(tx: EntityManager, petitionId: string, signatureIds: string[]): Promise<void> {
    const hers = await tx.query<{ campaign_id: string; id: string; digest_id: string | null; copy_id: string }[]>(
      `SELECT campaign_id, id, digest_id, copy_id FROM digest_supporters
       WHERE petition_id = $1 AND signature_id = ANY ($2) ORDER BY campaign_id, id FOR UPDATE`,
      [petitionId, signatureIds],
    );
    if (hers.length === 0) return;
    for (const campaignId of [...new Set(hers.map((row) => row.campaign_id))].sort()) {
      const digests = hers.flatMap((row) => (row.campaign_id === campaignId && row.digest_id ? [row.digest_id] : []));
      if (digests.length > 0) await this.leave(tx, campaignId, digests);
    }
    await tx.query(`DELETE FROM digest_supporters WHERE petition_id = $1 AND signature_id = ANY ($2)`, [
      petitionId,
      signatureIds,
    ]);
    await this.outbox.forget(tx, petitionId, [...new Set(hers.map((row) => row.copy_id))]);
  }

  /** @param digests one for each supporter who leaves, the same as often as it loses one */
  private async leave(tx: EntityManager, campaignId: string, digests: string[]): Promise<void> {
    // Held until the end of the transaction, so that no worker claims one in between.
    await tx.query(`SELECT FROM outbox WHERE campaign_id = $1 AND id = ANY ($2) ORDER BY id FOR UPDATE`, [
      campaignId,
      digests,
    ]);
    await this.outbox.unclaim(tx, campaignId, digests);
    const [rows] = await tx.query<[{ id: string; supporters: number }[], number]>(
      `UPDATE letters l SET supporters = greatest(l.supporters - leaving.n, 0)
       FROM (SELECT id, count(*)::int AS n FROM unnest($2::uuid[]) AS id GROUP BY id) leaving, outbox o
       WHERE l.campaign_id = $1 AND l.id = leaving.id AND o.campaign_id = $1 AND o.id = l.id AND o.state IN ${unsent}
       RETURNING l.id, l.supporters`,
      [campaignId, digests],
    );
    const empty = rows.filter(({ supporters }) => supporters === 0).map(({ id }) => id);
    if (empty.length > 0) await this.outbox.suppressPart(tx, campaignId, { ids: empty });
  }
}
