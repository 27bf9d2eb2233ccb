import { Injectable } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { projectRoot } from '../config/root.js';
import { Petition } from '../petitions/petition.entity.js';
import { AuditService } from '../staff/audit.service.js';
import { LetterCampaign } from './letter-campaign.entity.js';
import { LetterText } from './letter-text.entity.js';
import { LetterWords, NewLetterCampaign } from './letters.schema.js';

const folder = join(projectRoot, 'templates/campaigns/1988-investigation/letters');
const Pack = z.object({ id: z.uuid(), subjects: z.record(z.string(), z.string()) });

/** The letter campaign that comes with Countersign: a draft to the fictional parliament, for somebody to look at and approve. */
@Injectable()
export class BundledLetters {
  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
  ) {}

  /** Writes it once; whatever staff made of it since then stays. @returns whether it was missing */
  async seedLetterCampaign(): Promise<boolean> {
    const pack: unknown = JSON.parse(readFileSync(join(folder, 'campaign.json'), 'utf8'));
    const { id, subjects } = Pack.parse(pack);
    const { petition: slug, notBefore: _, notAfter: __, ...fields } = NewLetterCampaign.parse(pack);
    return this.database.transaction(async (tx) => {
      const petition = slug ? await tx.findOneBy(Petition, { slug }) : null;
      const { raw } = await tx
        .createQueryBuilder()
        .insert()
        .into(LetterCampaign)
        .values({ ...fields, id, petitionId: petition?.id ?? null })
        .orIgnore()
        .returning('id')
        .execute();
      if (raw.length === 0) return false;
      for (const [locale, subject] of Object.entries(subjects)) {
        const body = readFileSync(join(folder, `letter.${locale}.liquid`), 'utf8');
        await tx.insert(LetterText, { campaignId: id, locale, ...LetterWords.parse({ subject, body }) });
      }
      await this.audit.record(tx, { actor: 'system', action: 'letter-campaign.created', subject: id });
      return true;
    });
  }
}
