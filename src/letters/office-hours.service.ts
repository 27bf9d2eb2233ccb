import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { approvalHash } from './approval-hash.js';
import { fallBack, lockCampaign } from './letter-campaigns.service.js';
import type { OfficeHours } from './pace.schema.js';

export interface LegislatureHours {
  slug: string;
  name: string;
  /** Null: letters keep the hours of their campaign. */
  officeHours: OfficeHours | null;
}

/** When the offices of a legislature read: for every campaign that writes there, instead of its own hours. */
@Injectable()
export class LegislatureOfficeHours {
  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
  ) {}

  /** @throws Problem not-found */
  async find(slug: string): Promise<LegislatureHours> {
    const [found] = await this.database.query(
      `SELECT slug, name, calendar AS "officeHours" FROM legislatures WHERE slug = $1`,
      [slug],
    );
    if (!found) throw problems.notFound('There is no legislature of this name.');
    return found as LegislatureHours;
  }

  /**
   * Letters that wait for approval or dispatch and go there are drafts again: their approval was for other hours. Letters
   * that are being sent keep the hours they were approved with.
   * @returns how many letter campaigns fell back
   */
  async set(slug: string, hours: OfficeHours | null, actor: Actor): Promise<number> {
    return this.database.transaction(async (tx) => {
      const campaigns: { id: string }[] = await tx.query(
        `SELECT id FROM letter_campaigns WHERE state IN ('in_review', 'approved') ORDER BY id`,
      );
      const before = new Map<string, string>();
      for (const { id } of campaigns) {
        const campaign = await lockCampaign(tx, id);
        if (campaign.state === 'in_review' || campaign.state === 'approved') before.set(id, approvalHash(campaign));
      }
      const [rows] = await tx.query<[{ id: string }[], number]>(
        `UPDATE legislatures SET calendar = $2 WHERE slug = $1 RETURNING id`,
        [slug, hours && JSON.stringify(hours)],
      );
      if (!rows[0]) throw problems.notFound('There is no legislature of this name.');
      let fallen = 0;
      for (const [id, hash] of before) {
        if (approvalHash(await lockCampaign(tx, id)) === hash) continue;
        fallen += 1;
        await fallBack(tx, id, actor, 'office-hours');
        await this.audit.record(tx, { actor, action: 'letter-campaign.office-hours', subject: id, detail: { slug } });
      }
      const action = hours ? 'legislature.office-hours-set' : 'legislature.office-hours-removed';
      await this.audit.record(tx, { actor, action, subject: slug, detail: { campaigns: fallen } });
      return fallen;
    });
  }
}
