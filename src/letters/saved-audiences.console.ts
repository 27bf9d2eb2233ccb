import { Body, Controller, Get, HttpCode, Param, Post, Redirect, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Form, seeOther, submitted } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { emptyCampaignForm, readAudience, withLists } from './letter-forms.js';
import { LetterPages } from './letter-pages.service.js';
import { Id } from './letter-params.js';
import { AudienceName, FollowedAudience, NewSavedAudience, SavedAudienceChange } from './saved-audience.schema.js';
import { SavedAudiences } from './saved-audiences.service.js';

/** Audiences under a name: the list, the form with a count, and which letter follows which. */
@ApiExcludeController()
@Controller(':locale/console/letters')
export class SavedAudiencesConsole {
  constructor(
    private readonly audiences: SavedAudiences,
    private readonly pages: LetterPages,
  ) {}

  @Needs('console:read')
  @Get('audiences')
  @Page()
  async list(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    return this.pages.audiences(locale, request, await this.audiences.list());
  }

  @Needs('letters:compose')
  @Get('audiences/new')
  @Page()
  blank(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    return this.pages.savedAudience(locale, request, { values: emptyCampaignForm });
  }

  @Needs('letters:compose')
  @Post('audiences')
  @HttpCode(200)
  @Page()
  async create(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const values = withLists(form);
    if (form.action === 'count') return this.pages.savedAudience(locale, request, { values, count: true });
    const errors = await submitted(NewSavedAudience, { name: form.name, rules: readAudience(form) }, (data) =>
      this.audiences.create(data, actor),
    );
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/letters/audiences`);
    reply.status(422);
    return this.pages.savedAudience(locale, request, { values, errors });
  }

  @Needs('letters:compose')
  @Get('audiences/:audienceId')
  @Page()
  async one(@Param('locale', LocalePipe) locale: Locale, @Id('audienceId') id: string, @Req() request: FastifyRequest) {
    const audience = await this.audiences.find(id);
    const values = withLists({ name: audience.name, version: audience.version, ...audience.rules });
    return this.pages.savedAudience(locale, request, { audience, values });
  }

  @Needs('letters:compose')
  @Post('audiences/:audienceId')
  @HttpCode(200)
  @Page()
  async change(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('audienceId') id: string,
    @Body() form: Form,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const audience = await this.audiences.find(id);
    const values = withLists(form);
    if (form.action === 'count') return this.pages.savedAudience(locale, request, { audience, values, count: true });
    const errors = await submitted(
      SavedAudienceChange,
      {
        ...{ name: form.name, version: form.version },
        rules: readAudience(form, audience.rules),
      },
      (data) => this.audiences.change(id, data, actor),
    );
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/letters/audiences`);
    reply.status(422);
    return this.pages.savedAudience(locale, request, { audience, values, errors });
  }

  @Needs('letters:compose')
  @Post('audiences/:audienceId/removal')
  @Redirect()
  async remove(@Param('locale', LocalePipe) locale: Locale, @Id('audienceId') id: string, @Actor() actor: Actor) {
    await this.audiences.remove(id, actor);
    return { url: `/${locale}/console/letters/audiences`, statusCode: 303 };
  }

  /** Saves the audience of a letter under a name. */
  @Needs('letters:compose')
  @Post(':id/audience-name')
  @HttpCode(200)
  @Page()
  async save(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Body() form: Form,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const errors = await submitted(AudienceName, form, (data) => this.audiences.saveOf(id, data.name, actor));
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/letters/${id}?done=saved#audience`);
    reply.status(422);
    return this.pages.campaign(locale, request, id, actor, { errors });
  }

  @Needs('letters:compose')
  @Post(':id/saved-audience')
  @Redirect()
  async follow(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Body({ schema: FollowedAudience }) { audienceId }: FollowedAudience,
    @Actor() actor: Actor,
  ) {
    await this.audiences.follow(id, audienceId, actor);
    return { url: `/${locale}/console/letters/${id}?done=saved#audience`, statusCode: 303 };
  }
}
