import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { ownerOf } from '../staff/tokens.service.js';
import { LetterCampaigns, refuseFaults, textFaults } from './letter-campaigns.service.js';
import { LetterVariant } from './letter-variant.entity.js';
import type { NewVariant } from './letters.schema.js';

/** More than anybody keeps in her head; each costs a look per lawmaker. */
const most = 50;

/** Other words for some lawmakers of a campaign. Each change voids an approval, as do changes of the texts. */
@Injectable()
export class LetterVariants {
  constructor(private readonly campaigns: LetterCampaigns) {}

  /** Written last in the order. @returns its id */
  async add(campaignId: string, variant: NewVariant, actor: Actor): Promise<string> {
    const id = uuidv7();
    await this.campaigns.edit(campaignId, undefined, actor, 'variant-written', async (tx, { variants, petitionId }) => {
      refuseFaults(textFaults(variant, petitionId !== null));
      if (variants.length >= most) throw problems.refusal('full-already', { most });
      const position = (variants.at(-1)?.position ?? 0) + 1;
      await tx.insert(LetterVariant, { ...variant, campaignId, id, position, editedBy: ownerOf(actor) });
    });
    return id;
  }

  /** @throws Problem not-found */
  async change(campaignId: string, id: string, variant: NewVariant, actor: Actor): Promise<void> {
    await this.campaigns.edit(campaignId, undefined, actor, 'variant-written', async (tx, { petitionId }) => {
      refuseFaults(textFaults(variant, petitionId !== null));
      const { affected } = await tx.update(
        LetterVariant,
        { campaignId, id },
        { ...variant, editedBy: ownerOf(actor), editedAt: () => 'now()' },
      );
      if (!affected) throw unknown();
    });
  }

  async remove(campaignId: string, id: string, actor: Actor): Promise<void> {
    await this.campaigns.edit(campaignId, undefined, actor, 'variant-removed', async (tx) => {
      const { affected } = await tx.delete(LetterVariant, { campaignId, id });
      if (!affected) throw unknown();
    });
  }

  /** @param ids all of them, in the order in which they shall be tried */
  async order(campaignId: string, ids: string[], actor: Actor): Promise<void> {
    await this.campaigns.edit(campaignId, undefined, actor, 'variants-ordered', async (tx, { variants }) => {
      const known = new Set(variants.map(({ id }) => id));
      if (ids.length !== known.size || new Set(ids).size !== ids.length || ids.some((id) => !known.has(id))) {
        throw problems.invalid([{ field: 'ids', code: 'invalid', message: 'Name every variant once.' }]);
      }
      await putInOrder(tx, campaignId, ids);
    });
  }

  /** One place earlier; the first stays where it is. */
  async moveUp(campaignId: string, id: string, actor: Actor): Promise<void> {
    await this.campaigns.edit(campaignId, undefined, actor, 'variants-ordered', async (tx, { variants }) => {
      const ids = variants.map((variant) => variant.id);
      const at = ids.indexOf(id);
      if (at < 0) throw unknown();
      if (at === 0) return;
      ids.splice(at - 1, 2, id, ids[at - 1]!);
      await putInOrder(tx, campaignId, ids);
    });
  }
}

async function putInOrder(tx: EntityManager, campaignId: string, ids: string[]): Promise<void> {
  await tx.query(
    `UPDATE letter_variants SET position = place.n
     FROM unnest($2::uuid[]) WITH ORDINALITY AS place (id, n)
     WHERE campaign_id = $1 AND letter_variants.id = place.id`,
    [campaignId, ids],
  );
}

const unknown = () => problems.notFound('There is no such variant in this campaign.');
