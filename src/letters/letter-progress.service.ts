import { Injectable } from '@nestjs/common';
import { type Locale, translate } from '../site/languages.js';
import { Pages } from '../site/pages.service.js';
import type { Right } from '../staff/access.js';
import { Approvals } from './approvals.service.js';
import { LetterCampaigns, type WholeCampaign } from './letter-campaigns.service.js';
import { LetterPaces } from './letter-paces.service.js';
import { LetterParts } from './letter-parts.service.js';
import { LetterReports } from './letter-report.service.js';
import { approvalView, campaignView } from './letter-views.js';

/** Pieces of the page, each the template `letters-<name>`. */
const live = ['figures', 'bar', 'notices', 'pace', 'parts'] as const;

/** How far the letters of a campaign are: what of its page changes while they are written and sent. */
@Injectable()
export class LetterProgress {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly approvals: Approvals,
    private readonly reports: LetterReports,
    private readonly paces: LetterPaces,
    private readonly parts: LetterParts,
    private readonly pages: Pages,
  ) {}

  /** What `letters-figures` and `letters-bar` are given. @throws Problem not-found */
  async figures(locale: Locale, id: string) {
    return this.figuresOf(locale, await this.campaigns.find(id));
  }

  /** The page of the campaign in pieces, as somebody with these rights sees it, and a sentence that changes with each quarter. */
  async shown(locale: Locale, id: string, { rights, csrf }: { rights: readonly Right[]; csrf: string }) {
    const whole = await this.campaigns.find(id);
    const figures = await this.figuresOf(locale, whole);
    const { campaign, approval, report, state } = figures;
    const parts = rights.includes('letters:send') ? await this.parts.list(whole) : [];
    const pace = await this.paces.shown(whole, { live: true });
    const data = { ...figures, parts, pace, csrf };
    const pieces = await Promise.all(
      live.map(async (name) => [name, await this.pages.render(`letters-${name}`, locale, data)]),
    );
    const excluded = report.byStatus.find(({ name }) => name === 'excluded')?.letters ?? 0;
    const [done, all] = campaign.planned
      ? [report.reached, report.total - excluded]
      : [report.total, approval.lawmakers ?? 0];
    const quarters = all > 0 ? Math.min(4, Math.floor((4 * done) / all)) : 0;
    return {
      parts: Object.fromEntries(pieces) as Record<(typeof live)[number], string>,
      say:
        quarters > 0
          ? translate(locale, 'progress.say', { n: quarters * 25 })
          : translate(locale, `letters.state.${state}`),
      ended: state !== 'dispatching',
    };
  }

  private async figuresOf(locale: Locale, campaign: WholeCampaign) {
    const { id, title, state } = campaign;
    return {
      campaign: campaignView(campaign),
      ...{ title, state },
      own: `/${locale}/console/letters/${id}`,
      approval: approvalView(await this.approvals.state(campaign)),
      report: await this.reports.report(id),
    };
  }
}
