import { Controller, Get, Param, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { LetterChecklist } from './letter-checklist.service.js';
import { Id } from './letter-params.js';

@ApiExcludeController()
@Controller(':locale/console/letters/:id/checklist')
export class LetterChecklistConsole {
  constructor(
    private readonly checklist: LetterChecklist,
    private readonly campaigns: LetterCampaigns,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  async page(@Param('locale', LocalePipe) locale: Locale, @Id('id') id: string, @Req() request: FastifyRequest) {
    const { title } = await this.campaigns.find(id);
    const base = `/${locale}/console`;
    return this.pages.render('letters-checklist', locale, {
      ...this.console.context(request),
      ...{ nav: 'letters', path: `/console/letters/${id}/checklist` },
      campaign: { id, title },
      ...(await this.checklist.of(id)),
      places: {
        ...{
          dns: `${base}/mail/doctor`,
          people: `${base}/staff`,
          lawmakers: `${base}/lawmakers`,
          limits: `${base}/mail/limits`,
        },
        ...{ audience: `${base}/letters/${id}/audience`, marked: `${base}/letters/${id}/audience` },
        ...{
          'reply-to': `${base}/letters/${id}/settings`,
          approval: `${base}/letters/${id}`,
          test: `${base}/letters/${id}`,
        },
      },
    });
  }
}
