import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { WholeCampaign } from './letter-campaigns.service.js';
import { type Stopped, stopsOf } from './letter-stops.js';

/** Mails to one legislature that have not left, and what can be done with them. */
export interface LetterPartState {
  /** Slug; empty for lawmakers of none. */
  legislature: string;
  name: string;
  waiting: number;
  /** Paused alone or with the campaign. */
  paused: number;
  /** What is said of letters that supporters have yet to write. */
  stopped: Stopped;
  canPause: boolean;
  canResume: boolean;
  canCancel: boolean;
}

interface Waiting {
  legislature: string;
  name: string;
  waiting: number;
  paused: number;
  /** Paused alone: the campaign going on does not let them go. */
  pausedAlone: number;
  /** Everything that can still be taken back, also what the mail desk holds. */
  open: number;
}

const unsent = `('queued', 'deferred', 'claimed', 'held')`;

/** What of a campaign has not left yet or is still to come, by legislature or for one lawmaker. */
@Injectable()
export class LetterParts {
  constructor(private readonly database: DataSource) {}

  /** By name; a legislature whose mails have all left stays in the list. Nothing before all are written or after the end. */
  async list(campaign: WholeCampaign): Promise<LetterPartState[]> {
    if (!canStop(campaign)) return [];
    const rows = await this.read(
      campaign.id,
      `LEFT JOIN outbox o ON o.campaign_id = s.campaign_id AND o.stream = s.stream
      AND o.state IN ${unsent}`,
    );
    return this.withVerbs(campaign, rows);
  }

  /** @returns null when nothing goes to the lawmaker by mail, or nothing can be stopped any more */
  async one(campaign: WholeCampaign, lawmakerId: string): Promise<LetterPartState | null> {
    if (!canStop(campaign)) return null;
    const rows = await this.read(
      campaign.id,
      `JOIN letters l ON l.campaign_id = s.campaign_id AND l.lawmaker_id = $2
       JOIN outbox o ON o.campaign_id = l.campaign_id AND o.id = l.id AND o.stream = s.stream`,
      [lawmakerId],
    );
    const parts = await this.withVerbs(campaign, rows, lawmakerId);
    return parts.find(({ canPause, canResume, canCancel }) => canPause || canResume || canCancel) ?? null;
  }

  private read(campaignId: string, mails: string, more: string[] = []): Promise<Waiting[]> {
    return this.database.query(
      `SELECT s.stream AS legislature, coalesce(g.name, s.stream) AS name,
         (count(o.id) FILTER (WHERE o.state IN ${unsent}))::int AS open,
         (count(*) FILTER (WHERE o.state IN ${unsent} AND o.state <> 'held'))::int AS waiting,
         (count(*) FILTER (WHERE o.state = 'held' AND o.stop IN ('pause', 'part')))::int AS paused,
         (count(*) FILTER (WHERE o.state = 'held' AND o.stop = 'part'))::int AS "pausedAlone"
       FROM mail_streams s LEFT JOIN legislatures g ON g.slug = s.stream ${mails}
       WHERE s.campaign_id = $1 GROUP BY s.stream, g.name ORDER BY 2, 1`,
      [campaignId, ...more],
    );
  }

  private async withVerbs(campaign: WholeCampaign, rows: Waiting[], lawmakerId?: string): Promise<LetterPartState[]> {
    const comes = campaign.mode === 'supporters';
    const stopOf = await stopsOf(this.database.manager, campaign.id);
    return rows.map(({ pausedAlone, open, ...row }) => {
      const stopped = comes ? stopOf({ stream: row.legislature, ...(lawmakerId && { lawmakerId }) }) : null;
      return {
        ...row,
        stopped,
        canPause: row.waiting > 0 || (comes && stopped === null),
        canResume: pausedAlone > 0 || stopped === 'pause',
        canCancel: open > 0 || (comes && stopped !== 'cancel'),
      };
    });
  }
}

const canStop = ({ state, plannedAt }: WholeCampaign) =>
  plannedAt !== null && (state === 'dispatching' || state === 'paused');
