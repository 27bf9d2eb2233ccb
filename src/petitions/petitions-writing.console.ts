import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Form, refused, seeOther, submitted } from '../site/form-answers.js';
import { isLocale, type Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Problem } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { PetitionConsolePages } from './petition-console-pages.service.js';
import { changeRows, readWords, wordErrors } from './petition-forms.js';
import { PetitionSettings } from './petition-settings.service.js';
import { PetitionTexts } from './petition-texts.service.js';
import { NewPetition, PetitionSettingsChange, PetitionTextChange } from './petitions.schema.js';
import { Petitions } from './petitions.service.js';

/** New petitions, their words and their settings. What was typed is never lost: a refused form comes back filled in. */
@ApiExcludeController()
@Controller(':locale/console/petitions')
export class PetitionsWritingConsole {
  constructor(
    private readonly petitions: Petitions,
    private readonly texts: PetitionTexts,
    private readonly settings: PetitionSettings,
    private readonly pages: PetitionConsolePages,
  ) {}

  @Needs('petitions:write')
  @Get('new')
  @Page()
  blank(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    return this.pages.create(locale, request);
  }

  @Needs('petitions:write')
  @Post()
  @HttpCode(200)
  @Page()
  async create(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const changed = form.step === 'preview' ? { values: form, errors: [] } : changeRows(form);
    if (changed) return this.pages.create(locale, request, changed);
    const { slug, startedBy, goal, factCheckedOn, publication, holdMinutes, language } = form;
    const { reason: _, previousSha256: __, originalSha256: ___, ...words } = readWords(form);
    const parsed = NewPetition.safeParse({
      ...{ slug, startedBy, goal, factCheckedOn, publication, holdMinutes },
      texts: { [typeof language === 'string' && isLocale(language) ? language : locale]: words },
    });
    const errors = parsed.success
      ? await refused(() => this.petitions.createNew(parsed.data, actor))
      : wordErrors(parsed.error, form);
    if (!parsed.success || errors.length > 0) {
      reply.status(422);
      return this.pages.create(locale, request, { values: form, errors });
    }
    return seeOther(reply, `/${locale}/console/petitions/${parsed.data.slug}`);
  }

  @Needs('petitions:write')
  @Get(':slug/texts/:language')
  @Page()
  text(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('language', LocalePipe) language: Locale,
    @Query('beside') beside: unknown,
    @Req() request: FastifyRequest,
  ) {
    return this.pages.text(locale, request, slug, language, undefined, beside);
  }

  @Needs('petitions:write')
  @Post(':slug/texts/:language')
  @HttpCode(200)
  @Page()
  async write(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('language', LocalePipe) language: Locale,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const again = (filled: object) =>
      this.pages.text(locale, request, slug, language, { values: form, errors: [], ...filled });
    const changed = form.step === 'preview' ? {} : changeRows(form);
    if (changed) return again(changed);
    const parsed = PetitionTextChange.safeParse(readWords(form));
    if (!parsed.success) {
      reply.status(422);
      return again({ errors: wordErrors(parsed.error, form) });
    }
    try {
      const errors = await refused(() => this.texts.write(slug, language, parsed.data, actor));
      if (errors.length === 0) return seeOther(reply, `/${locale}/console/petitions/${slug}`);
      reply.status(422);
      return again({ errors });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'conflict') throw error;
      reply.status(409);
      return again({ conflict: true });
    }
  }

  @Needs('petitions:write')
  @Get(':slug/settings')
  @Page()
  look(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Req() request: FastifyRequest) {
    return this.pages.settings(locale, request, slug);
  }

  @Needs('petitions:write')
  @Post(':slug/settings')
  @HttpCode(200)
  @Page()
  async change(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const errors = await submitted(PetitionSettingsChange, form, (data) => this.settings.change(slug, data, actor));
    if (errors.length > 0) {
      reply.status(422);
      return this.pages.settings(locale, request, slug, { values: form, errors });
    }
    return seeOther(reply, `/${locale}/console/petitions/${slug}`);
  }
}
