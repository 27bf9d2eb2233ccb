import { Body, Controller, Get, HttpCode, Param, Post, Query, Redirect, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Form } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { PetitionSettings } from './petition-settings.service.js';
import { PetitionTextPages } from './petition-text-pages.service.js';
import { PetitionTexts } from './petition-texts.service.js';
import { FactCheck, PetitionTextRemoval, TranslationCheck } from './petitions.schema.js';

/** Texts beside each other: a preview of what is typed, languages, versions; and what is decided about them in one press. */
@ApiExcludeController()
@Controller(':locale/console/petitions')
export class PetitionsTextsConsole {
  constructor(
    private readonly pages: PetitionTextPages,
    private readonly texts: PetitionTexts,
    private readonly settings: PetitionSettings,
  ) {}

  /** Saves nothing; public/live-preview.js asks while somebody types. */
  @Needs('petitions:write')
  @Post('preview')
  @HttpCode(200)
  @Page()
  preview(@Param('locale', LocalePipe) locale: Locale, @Body() form: Form = {}) {
    return this.pages.preview(locale, form);
  }

  @Needs('console:read')
  @Get(':slug/translations')
  @Page()
  translations(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Query('left') left: unknown,
    @Query('right') right: unknown,
    @Req() request: FastifyRequest,
  ) {
    return this.pages.translations(locale, request, slug, { left, right });
  }

  @Needs('console:read')
  @Get(':slug/texts/:language/versions')
  @Page()
  versions(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('language', LocalePipe) language: Locale,
    @Query('from') from: unknown,
    @Query('to') to: unknown,
    @Req() request: FastifyRequest,
  ) {
    return this.pages.versions(locale, request, slug, language, { from, to });
  }

  @Needs('petitions:write')
  @Post(':slug/texts/:language/removal')
  @Redirect()
  async remove(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('language', LocalePipe) language: Locale,
    @Body({ schema: PetitionTextRemoval }) { previousSha256 }: PetitionTextRemoval,
    @Actor() actor: Actor,
  ) {
    await this.texts.remove(slug, language, previousSha256, actor);
    return { url: `/${locale}/console/petitions/${slug}`, statusCode: 303 };
  }

  @Needs('petitions:write')
  @Post(':slug/texts/:language/comparison')
  @Redirect()
  async compare(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('language', LocalePipe) language: Locale,
    @Body({ schema: TranslationCheck }) { originalSha256 }: TranslationCheck,
    @Actor() actor: Actor,
  ) {
    await this.texts.confirmTranslation(slug, language, originalSha256, actor);
    return { url: `/${locale}/console/petitions/${slug}/translations?right=${language}`, statusCode: 303 };
  }

  @Needs('petitions:write')
  @Post(':slug/fact-check')
  @Redirect()
  async checkFacts(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body({ schema: FactCheck }) { textsSha256 }: FactCheck,
    @Actor() actor: Actor,
  ) {
    await this.settings.checkFacts(slug, textsSha256, actor);
    return { url: `/${locale}/console/petitions/${slug}`, statusCode: 303 };
  }
}
