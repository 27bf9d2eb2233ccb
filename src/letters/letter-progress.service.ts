import { Injectable } from '@nestjs/common';
import { type Locale, translate } from '../site/languages.js';
import { Pages } from '../site/pages.service.js';
import { Approvals } from './approvals.service.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { LetterReports } from './letter-report.service.js';
import { approvalView, campaignView } from './letter-views.js';

/** How far the letters of a campaign are: the figures of its page that change while they are written and sent. */
@Injectable()
export class LetterProgress {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly approvals: Approvals,
    private readonly reports: LetterReports,
    private readonly pages: Pages,
  ) {}

  /** What `letters-figures` and `letters-bar` are given. @throws Problem not-found */
  async figures(locale: Locale, id: string) {
    const campaign = await this.campaigns.find(id);
    const { title, state } = campaign;
    return {
      campaign: campaignView(campaign),
      ...{ title, state },
      own: `/${locale}/console/letters/${id}`,
      approval: approvalView(await this.approvals.state(campaign)),
      report: await this.reports.report(id),
    };
  }

  /** The same as pieces of the page, and a sentence that changes with each quarter. */
  async shown(locale: Locale, id: string) {
    const figures = await this.figures(locale, id);
    const { campaign, approval, report, state } = figures;
    const [figuresHtml, bar] = await Promise.all(
      ['letters-figures', 'letters-bar'].map((template) => this.pages.render(template, locale, figures)),
    );
    const excluded = report.byStatus.find(({ name }) => name === 'excluded')?.letters ?? 0;
    const [done, all] = campaign.planned
      ? [report.reached, report.total - excluded]
      : [report.total, approval.lawmakers ?? 0];
    const quarters = all > 0 ? Math.min(4, Math.floor((4 * done) / all)) : 0;
    return {
      parts: { figures: figuresHtml!, bar: bar! },
      say:
        quarters > 0
          ? translate(locale, 'progress.say', { n: quarters * 25 })
          : translate(locale, `letters.state.${state}`),
      ended: state !== 'dispatching',
    };
  }
}
