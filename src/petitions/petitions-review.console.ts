import { Body, Controller, Get, HttpCode, Param, Post, Redirect, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Form, refused, seeOther } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import { problems } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { PetitionConsolePages } from './petition-console-pages.service.js';
import { PetitionMoves } from './petition-moves.service.js';
import { PetitionOpening, PetitionRejection } from './petitions.schema.js';

/** A colleague reads a petition before the public does, and ends it when its time has come. */
@ApiExcludeController()
@Controller(':locale/console/petitions/:slug')
export class PetitionsReviewConsole {
  constructor(
    private readonly moves: PetitionMoves,
    private readonly pages: PetitionConsolePages,
  ) {}

  @Needs('console:read')
  @Get('review')
  @Page()
  read(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Req() request: FastifyRequest) {
    return this.pages.review(locale, request, slug);
  }

  @Needs('petitions:write')
  @Post('review')
  @Redirect()
  async submit(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Actor() actor: Actor) {
    await this.moves.submit(slug, actor);
    return back(locale, slug);
  }

  @Needs('petitions:moderate')
  @Post('rejection')
  @HttpCode(200)
  @Page()
  async reject(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const parsed = PetitionRejection.safeParse(form);
    if (!parsed.success) {
      reply.status(422);
      return this.pages.review(locale, request, slug, { values: form, errors: fieldErrors(parsed.error.issues) });
    }
    await this.moves.reject(slug, parsed.data.reason, actor);
    return seeOther(reply, back(locale, slug).url);
  }

  @Needs('petitions:moderate')
  @Post('opening')
  @HttpCode(200)
  @Page()
  async open(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const parsed = PetitionOpening.safeParse(form);
    if (!parsed.success) throw problems.invalid(fieldErrors(parsed.error.issues));
    const errors = await refused(() => this.moves.open(slug, parsed.data, actor));
    if (errors.length > 0) {
      reply.status(422);
      return this.pages.review(locale, request, slug, { values: form, errors });
    }
    return seeOther(reply, back(locale, slug).url);
  }

  @Needs('petitions:moderate')
  @Post('closing')
  @Redirect()
  async close(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Actor() actor: Actor) {
    await this.moves.close(slug, actor);
    return back(locale, slug);
  }

  /** There is no way back, so the form has a box to tick. */
  @Needs('petitions:moderate')
  @Post('archiving')
  @Redirect()
  async archive(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() { forEver }: Form = {},
    @Actor() actor: Actor,
  ) {
    if (forEver !== 'on') throw problems.invalid([{ field: 'forEver', code: 'required', message: 'Tick the box.' }]);
    await this.moves.archive(slug, actor);
    return back(locale, slug);
  }
}

const back = (locale: string, slug: string) => ({ url: `/${locale}/console/petitions/${slug}`, statusCode: 303 });
