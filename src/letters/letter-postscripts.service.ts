import { Injectable } from '@nestjs/common';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { ownerOf } from '../staff/tokens.service.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { LetterPlans } from './letter-plans.service.js';
import { LetterPostscript } from './letter-postscript.entity.js';
import type { Postscript } from './postscript.js';

/** A line for one lawmaker below the letter that all get. */
@Injectable()
export class LetterPostscripts {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
  ) {}

  /** @throws Problem not-found to somebody who is not in the audience */
  async write(campaignId: string, lawmakerId: string, { text }: Postscript, actor: Actor): Promise<void> {
    const members = await this.plans.members(await this.campaigns.find(campaignId));
    if (!members.some((member) => member.lawmakerId === lawmakerId)) {
      throw problems.refusal('no-letter-there');
    }
    await this.campaigns.edit(campaignId, undefined, actor, 'postscript-written', async (tx) => {
      await tx.upsert(
        LetterPostscript,
        { campaignId, lawmakerId, text, editedBy: ownerOf(actor), editedAt: () => 'now()' },
        ['campaignId', 'lawmakerId'],
      );
    });
  }

  /** Twice is once. */
  async remove(campaignId: string, lawmakerId: string, actor: Actor): Promise<void> {
    await this.campaigns.edit(campaignId, undefined, actor, 'postscript-removed', async (tx) => {
      await tx.delete(LetterPostscript, { campaignId, lawmakerId });
    });
  }
}
