import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Petitions } from '../petitions/petitions.service.js';
import { defaultLocale, type Locale, translate } from '../site/languages.js';
import { problems } from '../site/problem.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { type OfficeCount, officeCounts } from './letter-sums.js';

const empty = (value: unknown) => value || undefined;

/** A lawmaker, or a legislature by the name that its letters carry. */
export const OfficeQuery = z
  .object({
    lawmakerId: z.preprocess(empty, z.uuid('invalid').optional()),
    legislature: z.preprocess(empty, z.string().max(300, 'too-long').optional()),
  })
  .refine((query) => (query.lawmakerId === undefined) !== (query.legislature === undefined), {
    path: ['lawmakerId'],
    error: 'required',
  });
export type OfficeQuery = z.infer<typeof OfficeQuery>;

const Counted = z.object({ name: z.string().nullable(), yours: z.number().int(), all: z.number().int() });

/** What an office is given: how many letters, and nothing about anybody who wrote, signed or worked on them. */
export const OfficeReport = z.object({
  office: z.object({ name: z.string(), legislature: z.string().nullable() }),
  organisation: z.string(),
  petition: z.string().nullable().describe('title of the petition that the letters are about'),
  method: z.string(),
  madeAt: z.iso.datetime(),
  yours: z.number().int(),
  all: z.number().int(),
  first: z.iso.datetime().nullable().describe('when the first letter to this office was delivered'),
  last: z.iso.datetime().nullable(),
  byChannel: z.array(Counted),
  byState: z.array(Counted),
  rows: z.array(
    z.object({
      channel: z.string().nullable(),
      status: z.string(),
      yours: z.number().int(),
      all: z.number().int(),
    }),
  ),
});
export type OfficeReport = z.infer<typeof OfficeReport>;

/** Letters to one office against all of the campaign, for an organiser to hand to that office. */
@Injectable()
export class OfficeReports {
  constructor(
    private readonly database: DataSource,
    private readonly campaigns: LetterCampaigns,
    private readonly petitions: Petitions,
  ) {}

  /** @throws Problem not-found where no letter of the campaign names this office */
  async of(campaignId: string, query: OfficeQuery, locale: Locale = defaultLocale): Promise<OfficeReport> {
    const campaign = await this.campaigns.find(campaignId);
    const office = await this.office(campaignId, query);
    const counts = await officeCounts(this.database.manager, campaignId, office);
    const [{ now }] = await this.database.query('SELECT now() AS now');
    const moments = counts.flatMap(({ first, last }) => [first, last]).filter((at) => at !== null);
    const moment = (pick: typeof Math.min) =>
      moments.length === 0 ? null : new Date(pick(...moments.map((at) => at.getTime()))).toISOString();
    const petition = campaign.petitionSlug ? await this.petitions.find(campaign.petitionSlug) : null;
    return {
      office: { name: office.name, legislature: office.ofLegislature },
      organisation: campaign.organisation,
      petition: petition && this.petitions.text(petition, locale).title,
      method: translate(locale, 'letters.office-method'),
      madeAt: (now as Date).toISOString(),
      yours: counts.reduce((sum, { yours }) => sum + yours, 0),
      all: counts.reduce((sum, { all }) => sum + all, 0),
      first: moment(Math.min),
      last: moment(Math.max),
      byChannel: summed(counts, ({ channel }) => channel),
      byState: summed(counts, ({ status }) => status),
      rows: counts.map(({ channel, status, yours, all }) => ({ channel, status, yours, all })),
    };
  }

  /** As its letters name it: later imports do not change what was sent. */
  private async office(campaignId: string, { lawmakerId, legislature }: OfficeQuery) {
    const records: { id: string }[] = lawmakerId
      ? await this.database.query(
          `SELECT id FROM lawmakers
           WHERE coalesce(merged_into, id) = (SELECT coalesce(merged_into, id) FROM lawmakers WHERE id = $1)`,
          [lawmakerId],
        )
      : [];
    const lawmakerIds = records.map(({ id }) => id);
    const [named] = await this.database.query(
      `SELECT lawmaker_name AS name, legislature FROM letters
       WHERE campaign_id = $1 AND state <> 'excluded' AND (lawmaker_id = ANY ($2::uuid[]) OR legislature = $3) LIMIT 1`,
      [campaignId, lawmakerIds, legislature ?? null],
    );
    if (!named) throw problems.refusal('no-letter-there');
    return {
      ...{ lawmakerIds, legislature: legislature ?? null },
      name: (legislature ?? named.name) as string,
      ofLegislature: named.legislature as string | null,
    };
  }
}

function summed<Name extends string | null>(counts: OfficeCount[], name: (count: OfficeCount) => Name) {
  const sums = new Map<Name, { name: Name; yours: number; all: number }>();
  for (const count of counts) {
    const sum = sums.get(name(count)) ?? { name: name(count), yours: 0, all: 0 };
    sums.set(name(count), { ...sum, yours: sum.yours + count.yours, all: sum.all + count.all });
  }
  return [...sums.values()].sort((one, other) => other.all - one.all);
}
