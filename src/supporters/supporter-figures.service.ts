import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isEditable } from '../letters/campaign-states.js';
import type { WholeCampaign } from '../letters/letter-campaigns.service.js';
import { LetterPlans } from '../letters/letter-plans.service.js';
import { reportOf } from '../letters/letter-sums.js';
import { likeAnother } from './likeness.js';
import type { SupporterFigures as Figures } from './supporters.schema.js';
import { WriteDesks } from './write-desks.service.js';

/** Supporters whose own words are compared: the newest. */
const mostCompared = 2000;

/** One row for each supporter and lawmaker of campaign $1. */
const theirs = `
  SELECT signature_id, likeness, written_at FROM supporter_letters WHERE campaign_id = $1
  UNION ALL SELECT signature_id, likeness, written_at FROM digest_supporters WHERE campaign_id = $1`;

/** Who writes, and how much of it is their own: what an organiser must know before an office asks. */
@Injectable()
export class SupporterFigures {
  constructor(
    private readonly database: DataSource,
    private readonly desks: WriteDesks,
    private readonly plans: LetterPlans,
  ) {}

  async of(campaign: WholeCampaign): Promise<Figures> {
    const [sums] = await this.database.query(
      `SELECT count(*)::int AS letters, count(DISTINCT signature_id)::int AS supporters,
         count(DISTINCT signature_id) FILTER (WHERE likeness IS NOT NULL)::int AS "withOwnWords"
       FROM (${theirs}) theirs`,
      [campaign.id],
    );
    const texts = await this.database.query<{ likeness: number[] }[]>(
      `SELECT likeness FROM (
         SELECT DISTINCT ON (signature_id) likeness, written_at FROM (${theirs}) each
         WHERE likeness IS NOT NULL ORDER BY signature_id, written_at DESC
       ) theirs ORDER BY written_at DESC LIMIT ${mostCompared}`,
      [campaign.id],
    );
    return {
      ...sums,
      ...{ compared: texts.length, alike: likeAnother(texts.map(({ likeness }) => likeness)) },
      unapproved: isEditable(campaign.state) ? 0 : await this.unapproved(campaign),
      digests: campaign.digest ? await this.digests(campaign.id) : null,
    };
  }

  /** Those to whom a letter could be written, if a second person had seen where it goes. */
  private async unapproved(campaign: WholeCampaign): Promise<number> {
    const { unseen } = await this.desks.approved(campaign);
    const plan = await this.plans.plan(campaign, unseen, { at: new Date(), forOffice: false });
    return plan.filter(({ letter }) => letter).length;
  }

  private async digests(campaignId: string): Promise<NonNullable<Figures['digests']>> {
    const [waits] = await this.database.query(
      `SELECT count(*) FILTER (WHERE digest_id IS NULL AND failed_at IS NULL)::int AS waiting,
         count(*) FILTER (WHERE failed_at IS NOT NULL)::int AS failed
       FROM digest_supporters WHERE campaign_id = $1`,
      [campaignId],
    );
    return { ...(await reportOf(this.database.manager, campaignId)).digests, ...waits };
  }
}
