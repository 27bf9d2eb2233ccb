import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AudienceService } from '../lawmakers/audience.service.js';
import { LetterCampaigns, lockCampaign, type WholeCampaign } from '../letters/letter-campaigns.service.js';
import { letterId } from '../letters/letter-mail.js';
import { calendarOf, LetterPaces } from '../letters/letter-paces.service.js';
import { stopsOf } from '../letters/letter-stops.js';
import { LetterPlans } from '../letters/letter-plans.service.js';
import { insertLetters, type NewLetter } from '../letters/planning.js';
import { frameOf } from '../letters/supporter-digest.js';
import { OutboxService } from '../mail/outbox.service.js';
import { Vault } from '../vault/vault.service.js';
import { type DigestDay, digestDay } from './digest-days.js';
import { type DueDigest, giveUp, senderOf, takeSupporters, withoutOneToday } from './due-digests.js';
import { sealDigest } from './sealed-letter.js';
import { WriteDesks } from './write-desks.service.js';

/** Digests per transaction; supporters who write meanwhile wait for it. */
const batchSize = 50;

/** Gathers what supporters wrote into one mail a day for each lawmaker. */
@Injectable()
export class Digests {
  constructor(
    private readonly database: DataSource,
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
    private readonly paces: LetterPaces,
    private readonly desks: WriteDesks,
    private readonly audiences: AudienceService,
    private readonly outbox: OutboxService,
    private readonly vault: Vault,
  ) {}

  /**
   * Makes the digests that are due. Twice is once, also at the same time or after a kill in the middle: a mail, its row and
   * the supporters it speaks for are one commit, under the campaign's row.
   * @param at milliseconds since 1970; the database's clock if not given
   * @returns how many were made
   */
  async make(at?: number): Promise<number> {
    const rows = await this.database.query<{ id: string; now: Date }[]>(
      `SELECT id, now() AS now FROM letter_campaigns c WHERE digest AND state = 'dispatching' AND EXISTS (
         SELECT FROM digest_supporters d WHERE d.campaign_id = c.id AND d.digest_id IS NULL AND d.failed_at IS NULL)`,
    );
    let made = 0;
    for (const { id, now } of rows) made += await this.makeFor(id, at ?? now.getTime());
    if (made > 0) this.outbox.wake();
    return made;
  }

  private async makeFor(id: string, at: number): Promise<number> {
    const campaign = await this.campaigns.find(id);
    const due = await this.due(campaign, at);
    let made = 0;
    for (let next = 0; next < due.length; next += batchSize) {
      made += await this.commit(campaign, due.slice(next, next + batchSize));
    }
    return made;
  }

  /** Those whose office is open, who can be written to, and for whom somebody waits: the longest wait first. */
  private async due(campaign: WholeCampaign, at: number): Promise<DueDigest[]> {
    // Records that were joined since are one lawmaker.
    const waiting = await this.database.query<{ person: string; records: string[]; since: Date }[]>(
      `SELECT coalesce(l.merged_into, l.id) AS person, array_agg(DISTINCT d.lawmaker_id) AS records, min(written_at) AS since
       FROM digest_supporters d JOIN lawmakers l ON l.id = d.lawmaker_id
       WHERE d.campaign_id = $1 AND d.digest_id IS NULL AND d.failed_at IS NULL GROUP BY 1 ORDER BY 3`,
      [campaign.id],
    );
    const { approved } = await this.desks.approved(campaign);
    const days = new Map<string, DigestDay | null>();
    const dayFor = (legislature: string) => {
      if (!days.has(legislature)) days.set(legislature, digestDay(calendarOf(campaign, legislature), at));
      return days.get(legislature)!;
    };
    const members = new Map(approved.map((member) => [member.lawmakerId, member]));
    const open = waiting.flatMap(({ person, records, since }) => {
      const member = members.get(person);
      const on = member && dayFor(member.legislatureSlug ?? '');
      if (!member || !on || since.getTime() >= on.before || member.contactPoint?.channel !== 'email') return [];
      return [{ member, records: [...new Set([person, ...records])], on }];
    });
    const plan = await this.plans.plan(
      campaign,
      open.map(({ member }) => member),
      { at: new Date(at), forOffice: true },
    );
    return plan.flatMap((planned, n) => {
      const { records, on } = open[n]!;
      return planned.letter ? [{ planned, records, on }] : [];
    });
  }

  /** To a part that is paused none is made: it waits with those who write meanwhile. */
  private commit(seen: WholeCampaign, all: DueDigest[]): Promise<number> {
    return this.database.transaction(async (tx) => {
      const campaign = await lockCampaign(tx, seen.id);
      if (campaign.state !== 'dispatching') return 0;
      const stopOf = await stopsOf(tx, campaign.id);
      const stopped = ({ planned: { member } }: DueDigest) =>
        stopOf({ stream: member.legislatureSlug ?? '', lawmakerId: member.lawmakerId });
      await giveUp(
        tx,
        campaign.id,
        all.filter((due) => stopped(due) === 'cancel'),
      );
      const batch = all.filter((due) => stopped(due) === null);
      const objecting = await this.audiences.objecting(
        tx,
        batch.flatMap(({ records }) => records),
      );
      const free = await withoutOneToday(
        tx,
        campaign.id,
        batch.filter(({ records }) => !records.some((record) => objecting.has(record))),
      );
      const supporters = await takeSupporters(tx, campaign.id, free);
      const digests = free.flatMap((due) => {
        const theirs = due.records.flatMap((record) => supporters.get(record) ?? []);
        return theirs.length > 0 ? [{ ...due, theirs, row: rowOf(campaign, due, theirs.length) }] : [];
      });
      for (const day of new Set(digests.map(({ on }) => on.day))) {
        const rows = digests.filter(({ on }) => on.day === day).map(({ row }) => row);
        const written = await insertLetters(tx, campaign.id, rows, senderOf(day));
        // Nobody else makes digests of this campaign while its row is ours.
        if (written.length !== rows.length) throw new Error('there is a digest of this day already');
      }
      await tx.query(
        `UPDATE digest_supporters d SET digest_id = taken.digest_id
         FROM unnest($2::uuid[], $3::uuid[]) AS taken (id, digest_id) WHERE d.campaign_id = $1 AND d.id = taken.id`,
        [
          campaign.id,
          digests.flatMap(({ theirs }) => theirs),
          digests.flatMap(({ theirs, row }) => theirs.map(() => row.id)),
        ],
      );
      await this.paces.join(
        tx,
        campaign,
        digests.map(({ row }) => row.stream),
      );
      await this.outbox.enqueue(
        tx,
        digests.map(({ planned, since, row }) => ({
          ...{ campaignId: campaign.id, id: row.id, kind: 'supporter-digest', ref: row.id },
          ...{ lane: 'letters' as const, recipient: row.contact!, stream: row.stream },
          payload: sealDigest(this.vault, campaign.petitionId!, row.id, {
            ...frameOf(planned.letter, campaign.organisation, since),
            ...{ to: row.contact!, toName: row.lawmakerName },
            ...{ senderName: campaign.senderName, replyTo: campaign.replyTo },
          }),
          expiresAt: campaign.notAfter!,
        })),
      );
      return digests.length;
    });
  }
}

function rowOf(campaign: WholeCampaign, { planned: { member, letter }, on }: DueDigest, supporters: number): NewLetter {
  return {
    id: letterId(campaign.id, member.lawmakerId, new Date(on.before), senderOf(on.day)),
    ...{ lawmakerId: member.lawmakerId, lawmakerName: member.name, state: 'mail', reason: null, supporters },
    ...{ party: member.party, chamber: member.chamber, area: member.area, legislature: member.legislature },
    ...{ stream: member.legislatureSlug ?? '', locale: letter.locale, variantId: letter.variantId },
    ...{ channel: 'email', contact: member.contactPoint!.value },
    ...{ subject: null, body: null, raw: null, rawSha256: null, tail: null },
  };
}
