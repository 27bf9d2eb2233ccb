import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AudienceService } from '../lawmakers/audience.service.js';
import { problems } from '../site/problem.js';
import { isOpenTask } from './campaign-states.js';
import type { WholeCampaign } from './letter-campaigns.service.js';
import { type Stopped, stopsOf } from './letter-stops.js';
import type { LetterPart } from './pace.schema.js';

/** Letters to one legislature that have not left, and what can be done with them. */
export interface LetterPartState {
  /** Slug; empty for lawmakers of none. */
  legislature: string;
  name: string;
  waiting: number;
  /** Paused alone or with the campaign. */
  paused: number;
  /** What is said of letters that are yet to be written. */
  stopped: Stopped;
  canPause: boolean;
  canResume: boolean;
  canCancel: boolean;
}

/** Where letters of a part go: the legislature, and those to one lawmaker if only she is meant. */
export interface Place {
  stream: string;
  ids: string[] | null;
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

/** Where letters went or wait and, as long as more are written, everywhere where they may go. */
const streams = `
  SELECT DISTINCT stream FROM letters WHERE campaign_id = $1 AND state <> 'excluded'
  UNION
  SELECT slug FROM legislatures g
  WHERE $2 AND (slug = ANY ($3) OR EXISTS (SELECT FROM lawmakers l WHERE l.legislature_id = g.id AND l.id = ANY ($4)))`;

const streamsOf = (campaign: WholeCampaign) => [
  campaign.id,
  isStillWritten(campaign),
  campaign.audience.legislatures,
  campaign.audience.include,
];

/** What of a campaign has not left yet or is still to come, by legislature or for one lawmaker. */
@Injectable()
export class LetterParts {
  constructor(
    private readonly database: DataSource,
    private readonly audiences: AudienceService,
  ) {}

  /** By name; a legislature whose letters have all left stays in the list. Nothing before the dispatch or after the end. */
  async list(campaign: WholeCampaign): Promise<LetterPartState[]> {
    return canStop(campaign) ? this.states(campaign) : [];
  }

  /** @returns null when no letter goes to the lawmaker, or nothing can be stopped any more */
  async one(campaign: WholeCampaign, lawmakerId: string): Promise<LetterPartState | null> {
    const place = canStop(campaign) && (await this.place(this.database.manager, campaign, { lawmakerId }));
    if (!place) return null;
    const [part] = await this.states(campaign, { ...place, lawmakerId });
    return part && (part.stopped || part.canPause || part.canResume || part.canCancel) ? part : null;
  }

  /** @throws Problem not-found where no letter of the campaign is meant */
  async find(tx: EntityManager, campaign: WholeCampaign, part: LetterPart): Promise<Place> {
    const place = await this.place(tx, campaign, part);
    if (!place) throw problems.refusal('no-letter-there');
    return place;
  }

  private async place(
    tx: EntityManager,
    campaign: WholeCampaign,
    { legislature, lawmakerId }: LetterPart,
  ): Promise<Place | null> {
    if (!lawmakerId) {
      const [row] = await tx.query<Place[]>(`SELECT stream, NULL AS ids FROM (${streams}) AS known WHERE stream = $5`, [
        ...streamsOf(campaign),
        legislature,
      ]);
      return row ?? null;
    }
    const [written] = await tx.query<Place[]>(
      `SELECT max(stream) AS stream, array_agg(id) AS ids FROM letters
       WHERE campaign_id = $1 AND lawmaker_id = $2 AND state <> 'excluded' HAVING count(*) > 0`,
      [campaign.id, lawmakerId],
    );
    if (written || !isStillWritten(campaign)) return written ?? null;
    const members = await this.audiences.preview(campaign.audience, tx);
    const member = members.find((each) => each.lawmakerId === lawmakerId && each.excluded === null);
    return member ? { stream: member.legislature, ids: [] } : null;
  }

  /** @param only the lawmaker that is meant; all legislatures without one */
  private async states(campaign: WholeCampaign, only?: Place & { lawmakerId: string }): Promise<LetterPartState[]> {
    const rows = await this.database.query<Waiting[]>(
      `SELECT known.stream AS legislature, coalesce(g.name, known.stream) AS name, coalesce(open, 0) AS open,
         coalesce(waiting, 0) AS waiting, coalesce(paused, 0) AS paused, coalesce(paused_alone, 0) AS "pausedAlone"
       FROM (${streams}) AS known
       LEFT JOIN legislatures g ON g.slug = known.stream
       LEFT JOIN (
         SELECT stream, count(*)::int AS open, (count(*) FILTER (WHERE state <> 'held'))::int AS waiting,
           (count(*) FILTER (WHERE state = 'held' AND stop IN ('pause', 'part')))::int AS paused,
           (count(*) FILTER (WHERE state = 'held' AND stop = 'part'))::int AS paused_alone
         FROM (
           SELECT stream, id, state, stop FROM outbox
           WHERE campaign_id = $1 AND stream IS NOT NULL AND state IN ('queued', 'deferred', 'claimed', 'held')
           UNION ALL
           SELECT stream, id, state, 'part' FROM letters WHERE campaign_id = $1 AND ${isOpenTask}
         ) AS letter ${only ? 'WHERE id = ANY ($6)' : ''} GROUP BY stream
       ) AS unsent ON unsent.stream = known.stream
       WHERE $5::text IS NULL OR known.stream = $5 ORDER BY 2, 1`,
      [...streamsOf(campaign), only?.stream ?? null, ...(only ? [only.ids] : [])],
    );
    const comes = isStillWritten(campaign);
    const stopOf = await stopsOf(this.database.manager, campaign.id);
    return rows.map(({ pausedAlone, open, ...row }) => {
      const { lawmakerId } = only ?? {};
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

const canStop = ({ state }: WholeCampaign) => state === 'dispatching' || state === 'paused';

/** More letters come: by supporters, or those of the organisation that are not all written yet. */
export const isStillWritten = ({ mode, plannedAt }: WholeCampaign) => mode === 'supporters' || plannedAt === null;
