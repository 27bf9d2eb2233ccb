import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Form, refused, seeOther } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { atFields, campaignForm, emptyCampaignForm, readCampaignForm, withLists } from './letter-forms.js';
import { LetterPages } from './letter-pages.service.js';
import { Id } from './letter-params.js';
import { campaignView } from './letter-views.js';
import { LetterCampaignChange, NewLetterCampaign } from './letters.schema.js';

/** The list, the page of one campaign, and its settings with the audience. */
@ApiExcludeController()
@Controller(':locale/console/letters')
export class LettersConsole {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly pages: LetterPages,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  list(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    return this.pages.list(locale, request);
  }

  @Needs('letters:compose')
  @Get('new')
  @Page()
  blank(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    return this.pages.settings(locale, request, { values: emptyCampaignForm });
  }

  @Needs('letters:compose')
  @Post()
  @HttpCode(200)
  @Page()
  async create(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (form.action === 'count') return this.pages.settings(locale, request, { values: withLists(form), count: true });
    const parsed = NewLetterCampaign.safeParse(readCampaignForm(form));
    let id = '';
    const errors = parsed.success
      ? await refused(async () => (id = await this.campaigns.create(parsed.data, actor)))
      : atFields(fieldErrors(parsed.error.issues));
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/letters/${id}`);
    reply.status(422);
    return this.pages.settings(locale, request, { values: withLists(form), errors });
  }

  @Needs('console:read')
  @Get(':id')
  @Page()
  one(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Query('done') done?: string,
  ) {
    return this.pages.campaign(locale, request, id, actor, { done });
  }

  @Needs('letters:compose')
  @Get(':id/settings')
  @Page()
  async edit(@Param('locale', LocalePipe) locale: Locale, @Id('id') id: string, @Req() request: FastifyRequest) {
    const values = campaignForm(campaignView(await this.campaigns.find(id)));
    return this.pages.settings(locale, request, { id, values });
  }

  @Needs('letters:compose')
  @Post(':id/settings')
  @HttpCode(200)
  @Page()
  async change(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Body() form: Form,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const values = withLists(form);
    if (form.action === 'count') return this.pages.settings(locale, request, { id, values, count: true });
    const { audience } = await this.campaigns.find(id);
    const parsed = LetterCampaignChange.safeParse({
      ...readCampaignForm(form, audience),
      version: form.version,
    });
    const errors = parsed.success
      ? await refused(() => this.campaigns.change(id, parsed.data, actor))
      : atFields(fieldErrors(parsed.error.issues));
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/letters/${id}?done=saved`);
    reply.status(422);
    return this.pages.settings(locale, request, { id, values, errors });
  }
}
