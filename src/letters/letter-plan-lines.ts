import { Injectable } from '@nestjs/common';
import type { PacePlan } from '../mail/pace-plan.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { LetterPaces } from './letter-paces.service.js';
import { LetterPlans } from './letter-plans.service.js';

/** Mailboxes that a page or an answer names; the file has all. */
const mostShown = 50;

export const withFewMailboxes = (plan: PacePlan) => ({
  ...plan,
  mailboxes: plan.mailboxes.slice(0, mostShown),
  moreMailboxes: Math.max(0, plan.mailboxes.length - mostShown),
});

/** The plan of a campaign as it stands, with every mailbox. */
@Injectable()
export class LetterPacePreviews {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
    private readonly paces: LetterPaces,
  ) {}

  /** @throws Problem not-found */
  async of(campaignId: string): Promise<PacePlan> {
    const campaign = await this.campaigns.find(campaignId);
    return this.paces.preview(campaign, await this.plans.plan(campaign));
  }
}
