import { Body, Controller, Get, HttpCode, Param, Post, Query, Redirect, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Form, seeOther, submitted } from '../site/form-answers.js';
import { isLocale, type Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { fieldErrors, LocalePipe, uuid } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { Reauthenticated } from '../staff/reauthenticated.js';
import { UpdateConsolePages } from './update-console-pages.service.js';
import { UpdateSending } from './update-sending.service.js';
import { UpdateTests } from './update-tests.service.js';
import { NewUpdate, UpdateApproval, UpdateRejection, UpdateTest, UpdateWords } from './updates.schema.js';
import { Updates } from './updates.service.js';

@ApiExcludeController()
@Controller(':locale/console/petitions/:slug/updates')
export class UpdatesConsole {
  constructor(
    private readonly updates: Updates,
    private readonly sending: UpdateSending,
    private readonly tests: UpdateTests,
    private readonly pages: UpdateConsolePages,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  list(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Req() request: FastifyRequest) {
    return this.pages.list(locale, request, slug);
  }

  @Needs('petitions:write')
  @Post()
  @HttpCode(200)
  @Page()
  async create(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (form.step === 'preview')
      return this.pages.list(locale, request, slug, { values: form, errors: [], preview: true });
    const language = typeof form.language === 'string' && isLocale(form.language) ? form.language : locale;
    const words = UpdateWords.safeParse(form);
    if (!words.success) {
      reply.status(422);
      return this.pages.list(locale, request, slug, { values: form, errors: fieldErrors(words.error.issues) });
    }
    const update = NewUpdate.safeParse({ organisation: form.organisation, texts: { [language]: words.data } });
    if (!update.success) {
      reply.status(422);
      return this.pages.list(locale, request, slug, { values: form, errors: fieldErrors(update.error.issues) });
    }
    return seeOther(reply, here(locale, slug, await this.updates.create(slug, update.data, actor)));
  }

  @Needs('console:read')
  @Get(':id')
  @Page()
  one(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Query('tested') tested: unknown,
    @Req() request: FastifyRequest,
  ) {
    return this.pages.one(locale, request, slug, id, { tested: tested === 'yes' });
  }

  @Needs('petitions:write')
  @Get(':id/texts/:language')
  @Page()
  text(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Param('language', LocalePipe) language: Locale,
    @Req() request: FastifyRequest,
  ) {
    return this.pages.text(locale, request, slug, id, language);
  }

  @Needs('petitions:write')
  @Post(':id/texts/:language')
  @HttpCode(200)
  @Page()
  async write(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Param('language', LocalePipe) language: Locale,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const again = (filled: object) =>
      this.pages.text(locale, request, slug, id, language, { values: form, errors: [], ...filled });
    if (form.step === 'preview') return again({ preview: true });
    const words = UpdateWords.safeParse(form);
    if (!words.success) {
      reply.status(422);
      return again({ errors: fieldErrors(words.error.issues) });
    }
    await this.updates.write(slug, id, language, words.data, actor);
    return seeOther(reply, here(locale, slug, id));
  }

  @Needs('petitions:write')
  @Post(':id/review')
  @Redirect()
  async submit(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Actor() actor: Actor,
  ) {
    await this.updates.submit(slug, id, actor);
    return { url: here(locale, slug, id), statusCode: 303 };
  }

  @Needs('petitions:moderate')
  @Post(':id/rejection')
  @HttpCode(200)
  @Page()
  async reject(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const parsed = UpdateRejection.safeParse(form);
    if (!parsed.success) {
      reply.status(422);
      return this.pages.one(locale, request, slug, id, { values: form, errors: fieldErrors(parsed.error.issues) });
    }
    await this.updates.reject(slug, id, parsed.data.reason, actor);
    return seeOther(reply, here(locale, slug, id));
  }

  @Needs('petitions:moderate')
  @Reauthenticated()
  @Post(':id/approval')
  @Redirect()
  async approve(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body({ schema: UpdateApproval }) { sha256 }: UpdateApproval,
    @Actor() actor: Actor,
  ) {
    await this.updates.approve(slug, id, sha256, actor);
    return { url: here(locale, slug, id), statusCode: 303 };
  }

  @Needs('petitions:moderate')
  @Post(':id/stop')
  @Redirect()
  async stop(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Actor() actor: Actor,
  ) {
    await this.sending.stop(slug, id, actor);
    return { url: here(locale, slug, id), statusCode: 303 };
  }

  @Needs('petitions:write')
  @Post(':id/test')
  @HttpCode(200)
  @Page()
  async test(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const errors = await submitted(UpdateTest, form, (data) => this.tests.send(slug, id, data.locale, actor));
    if (errors.length === 0) return seeOther(reply, `${here(locale, slug, id)}?tested=yes`);
    reply.status(422);
    return this.pages.one(locale, request, slug, id, { values: form, errors });
  }
}

const here = (locale: string, slug: string, id: string) => `/${locale}/console/petitions/${slug}/updates/${id}`;
