import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Petitions } from '../petitions/petitions.service.js';
import type { Form } from '../site/form-answers.js';
import { languageName, type Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import type { FieldError } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { Reauthenticated } from '../staff/reauthenticated.js';
import { Flags } from './flags.service.js';
import { type FoundSignature, SignatureSearch } from './moderation.schema.js';
import { SignatureSearches } from './signature-search.service.js';

/** Where staff answers people who ask about their signature, and finds what waits to be looked at. */
@ApiExcludeController()
@Controller(':locale/console/signatures')
export class SignaturesConsole {
  constructor(
    private readonly searches: SignatureSearches,
    private readonly flags: Flags,
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('signatures:moderate')
  @Get()
  @Page()
  page(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    return this.render(locale, request, {}, []);
  }

  /** The address is in the body, never in an address of a page. */
  @Needs('signatures:moderate')
  @Reauthenticated()
  @Post('search')
  @HttpCode(200)
  @Page()
  async search(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const parsed = SignatureSearch.safeParse(form);
    if (!parsed.success) {
      reply.status(422);
      return this.render(locale, request, form, fieldErrors(parsed.error.issues));
    }
    const found = await this.searches.find(String(form.petition), parsed.data.email, actor);
    return this.render(locale, request, form, [], found);
  }

  private async render(
    locale: Locale,
    request: FastifyRequest,
    values: Form,
    errors: FieldError[],
    found: FoundSignature | null = null,
  ) {
    const [petitions, waiting] = await Promise.all([this.petitions.list(), this.flags.waiting()]);
    return this.pages.render('signatures', locale, {
      ...this.console.context(request),
      ...{ nav: 'signatures', path: '/console/signatures', base: `/${locale}/console`, form: { values, errors } },
      found: found && { ...found, language: found.locale && languageName(found.locale) },
      petitions: petitions.map((petition) => ({
        ...{ slug: petition.slug, state: petition.state, title: this.petitions.text(petition, locale).title },
        waiting: waiting.find((each) => each.petition === petition.slug)?.signatures ?? 0,
      })),
    });
  }
}
