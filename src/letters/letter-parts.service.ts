import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { WholeCampaign } from './letter-campaigns.service.js';

/** Mails to one legislature that have not left, and what can be done with them. */
export interface LetterPartState {
  /** Slug; empty for lawmakers of none. */
  legislature: string;
  name: string;
  waiting: number;
  /** Paused alone or with the campaign. */
  paused: number;
  /** Paused alone: the campaign going on does not let them go. */
  pausedAlone: number;
  /** Everything that can still be taken back, also what the mail desk holds. */
  open: number;
}

/** What of a campaign has not left yet, by legislature or for one letter. */
@Injectable()
export class LetterParts {
  constructor(private readonly database: DataSource) {}

  /** By name; a legislature whose mails have all left stays in the list. Nothing before all are written or after the end. */
  async list(campaign: WholeCampaign): Promise<LetterPartState[]> {
    return canStop(campaign) ? this.read(campaign.id) : [];
  }

  /** @returns null when the letter goes by no mail, or has left */
  async one(campaign: WholeCampaign, letterId: string): Promise<LetterPartState | null> {
    if (!canStop(campaign)) return null;
    return (await this.read(campaign.id, letterId)).find(({ open }) => open > 0) ?? null;
  }

  private read(campaignId: string, letterId?: string): Promise<LetterPartState[]> {
    return this.database.query(
      `SELECT s.stream AS legislature, coalesce(g.name, s.stream) AS name, count(o.id)::int AS open,
         (count(*) FILTER (WHERE o.state <> 'held'))::int AS waiting,
         (count(*) FILTER (WHERE o.state = 'held' AND o.stop IN ('pause', 'part')))::int AS paused,
         (count(*) FILTER (WHERE o.state = 'held' AND o.stop = 'part'))::int AS "pausedAlone"
       FROM mail_streams s
       LEFT JOIN legislatures g ON g.slug = s.stream
       LEFT JOIN outbox o ON o.campaign_id = s.campaign_id AND o.stream = s.stream
         AND o.state IN ('queued', 'deferred', 'claimed', 'held') AND ($2::uuid IS NULL OR o.id = $2)
       WHERE s.campaign_id = $1 GROUP BY s.stream, g.name ORDER BY 2, 1`,
      [campaignId, letterId ?? null],
    );
  }
}

const canStop = ({ state, plannedAt }: WholeCampaign) =>
  plannedAt !== null && (state === 'dispatching' || state === 'paused');
