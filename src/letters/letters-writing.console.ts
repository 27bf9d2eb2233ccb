import {
  Body,
  Controller,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  StreamableFile,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Form, seeOther, submitted } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { problems } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { LetterDrafts } from './letter-drafts.service.js';
import { readWords } from './letter-forms.js';
import { LetterPages } from './letter-pages.service.js';
import { Id, LetterLocalePipe } from './letter-params.js';
import { LetterPreviews } from './letter-previews.service.js';
import { LetterTests } from './letter-tests.service.js';
import { DryRunQuery, HandExclusion, HandInclusion, LetterWords, NewTest } from './letters.schema.js';

/** The words, who would get them, and how they look. */
@ApiExcludeController()
@Controller(':locale/console/letters/:id')
export class LettersWritingConsole {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly previews: LetterPreviews,
    private readonly drafts: LetterDrafts,
    private readonly tests: LetterTests,
    private readonly pages: LetterPages,
  ) {}

  @Needs('letters:compose')
  @Get('text')
  @Page()
  async text(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Query('language', LetterLocalePipe) language: string,
    @Req() request: FastifyRequest,
  ) {
    return this.pages.text(locale, request, id, language);
  }

  @Needs('letters:compose')
  @Post('text')
  @HttpCode(200)
  @Page()
  async writeText(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Query('language', LetterLocalePipe) language: string,
    @Body() form: Form,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (form.step === 'preview') return this.pages.text(locale, request, id, language, { values: form });
    const errors = await submitted(LetterWords, readWords(form), (data) =>
      this.campaigns.writeText(id, language, data, actor),
    );
    if (errors.length > 0) {
      reply.status(422);
      return this.pages.text(locale, request, id, language, { values: form, errors });
    }
    return seeOther(reply, `/${locale}/console/letters/${id}?done=saved`);
  }

  /** Saves nothing; public/live-preview.js asks while somebody types. */
  @Needs('letters:compose')
  @Post('text/preview')
  @HttpCode(200)
  @Page()
  async previewText(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Query('language', LetterLocalePipe) language: string,
    @Body() form: Form = {},
  ) {
    return this.pages.draft(locale, await this.drafts.text(id, language, form));
  }

  @Needs('letters:compose')
  @Post('text/removal')
  @Redirect()
  async removeText(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Query('language', LetterLocalePipe) language: string,
    @Actor() actor: Actor,
  ) {
    await this.campaigns.removeText(id, language, actor);
    return { url: `/${locale}/console/letters/${id}?done=saved`, statusCode: 303 };
  }

  @Needs('console:read')
  @Get('audience')
  @Page()
  audience(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Query({ schema: DryRunQuery }) query: DryRunQuery,
    @Req() request: FastifyRequest,
  ) {
    return this.pages.dryRun(locale, request, id, query);
  }

  /** Leaves one lawmaker out by hand, or takes that back. */
  @Needs('letters:compose')
  @Post('exclusions')
  @Redirect()
  async exclude(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Body({ schema: HandExclusion }) { lawmakerId, reason, lift }: HandExclusion,
    @Actor() actor: Actor,
  ) {
    if (!lift && !reason) throw problems.invalid([{ field: 'reason', code: 'required', message: 'Say why.' }]);
    const { audience } = await this.campaigns.find(id);
    const others = audience.exclude.filter((each) => each.lawmakerId !== lawmakerId);
    const exclude = lift ? others : [...others, { lawmakerId, reason }];
    await this.campaigns.change(id, { audience: { ...audience, exclude } }, actor);
    return { url: `/${locale}/console/letters/${id}/audience`, statusCode: 303 };
  }

  /** Writes to one lawmaker whom the rules leave out, or takes that back. */
  @Needs('letters:compose')
  @Post('inclusions')
  @Redirect()
  async include(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Body({ schema: HandInclusion }) { lawmakerId, lift }: HandInclusion,
    @Actor() actor: Actor,
  ) {
    const { audience } = await this.campaigns.find(id);
    const others = audience.include.filter((each) => each !== lawmakerId);
    const include = lift ? others : [...others, lawmakerId];
    await this.campaigns.change(id, { audience: { ...audience, include } }, actor);
    return { url: `/${locale}/console/letters/${id}/audience`, statusCode: 303 };
  }

  @Needs('console:read')
  @Get('previews/:lawmakerId')
  @Page()
  preview(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('lawmakerId') lawmakerId: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Query('done') done?: string,
  ) {
    return this.pages.preview(locale, request, id, lawmakerId, actor, { done });
  }

  @Needs('console:read')
  @Get('previews/:lawmakerId/letter.eml')
  async raw(@Id('id') id: string, @Id('lawmakerId') lawmakerId: string, @Actor() actor: Actor) {
    return emlFile(await this.previews.raw(id, lawmakerId, actor), lawmakerId);
  }

  @Needs('letters:compose')
  @Post('tests')
  @Redirect()
  async test(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Body({ schema: NewTest }) { lawmakerId }: NewTest,
    @Actor() actor: Actor,
  ) {
    await this.tests.send(id, lawmakerId, actor);
    return { url: `/${locale}/console/letters/${id}?done=tested`, statusCode: 303 };
  }
}

const emlFile = (raw: Buffer, name: string) =>
  new StreamableFile(raw, { type: 'message/rfc822', disposition: `attachment; filename="letter-${name}.eml"` });
