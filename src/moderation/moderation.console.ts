import { Body, Controller, Get, HttpCode, Param, ParseUUIDPipe, Post, Query, Redirect, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Petitions } from '../petitions/petitions.service.js';
import { Funnel } from '../signatures/funnel.service.js';
import { sources } from '../signatures/sealed-form.js';
import { countries, type Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import type { FieldError } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { Flags } from './flags.service.js';
import { graceMinutes, Invalidations } from './invalidations.service.js';
import {
  FlagDecision,
  type InvalidationPreview,
  InvalidationRule,
  ModerationQuery,
  NewInvalidation,
  reasons,
} from './moderation.schema.js';

type Form = Record<string, unknown>;

/** What a moderator sees of a petition's signatures: groups and numbers, never a list of names. */
@ApiExcludeController()
@Controller(':locale/console/petitions/:slug/signatures')
export class ModerationConsole {
  constructor(
    private readonly flags: Flags,
    private readonly invalidations: Invalidations,
    private readonly petitions: Petitions,
    private readonly funnel: Funnel,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('signatures:moderate')
  @Get()
  @Page()
  page(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Query({ schema: ModerationQuery }) query: ModerationQuery,
    @Req() request: FastifyRequest,
  ) {
    return this.render(locale, slug, request, undefined, query);
  }

  @Needs('signatures:moderate')
  @Post('flags')
  @Redirect()
  async decide(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body({ schema: FlagDecision }) form: FlagDecision,
    @Actor() actor: Actor,
  ) {
    await this.flags.decide(slug, form, actor);
    return here(locale, slug);
  }

  /** First press: what it would do. Second press, with reason and note: does it. */
  @Needs('signatures:moderate')
  @Post('invalidations')
  @HttpCode(200)
  @Page()
  async invalidate(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { domain, from, to, country, source, reason, note } = form;
    const rule = InvalidationRule.safeParse({ domain, from, to, country, source });
    if (!rule.success) {
      reply.status(422);
      return this.render(locale, slug, request, { values: form, errors: fieldErrors(rule.error.issues) });
    }
    const preview = await this.invalidations.preview(slug, rule.data);
    if (form.step !== 'apply') return this.render(locale, slug, request, { values: form, errors: [], preview });
    const order = NewInvalidation.safeParse({ rule: { domain, from, to, country, source }, reason, note });
    if (!order.success) {
      reply.status(422);
      return this.render(locale, slug, request, { values: form, errors: fieldErrors(order.error.issues), preview });
    }
    // Whoever presses the button has seen this number.
    if (String(preview.signatures) !== form.seen) {
      reply.status(409);
      return this.render(locale, slug, request, { values: form, errors: [], preview, changed: true });
    }
    await this.invalidations.apply(slug, order.data, actor);
    const { url, statusCode } = here(locale, slug);
    reply.status(statusCode).header('location', url);
    return '';
  }

  @Needs('signatures:moderate')
  @Post('invalidations/:id/undoing')
  @Redirect()
  async undo(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', ParseUUIDPipe) id: string,
    @Actor() actor: Actor,
  ) {
    await this.invalidations.undo(slug, id, actor);
    return here(locale, slug);
  }

  private async render(
    locale: Locale,
    slug: string,
    request: FastifyRequest,
    form: { values: Form; errors: FieldError[]; preview?: InvalidationPreview; changed?: boolean } = {
      values: {},
      errors: [],
    },
    shown: ModerationQuery = {},
  ) {
    const petition = await this.petitions.find(slug);
    const [waiting, done, funnel] = await Promise.all([
      this.flags.list(slug, shown.flags),
      this.invalidations.list(slug, shown.done),
      this.funnel.days(petition.id),
    ]);
    return this.pages.render('moderation', locale, {
      ...this.console.context(request),
      ...{ nav: 'signatures', path: `/console/petitions/${slug}/signatures` },
      petition: { slug, state: petition.state, title: this.petitions.text(petition, locale).title },
      ...{ flags: waiting.flags, invalidations: done.invalidations },
      nextFlags: waiting.next && `${here(locale, slug).url}?flags=${waiting.next}#flags`,
      nextDone: done.next && `${here(locale, slug).url}?done=${done.next}#done`,
      ...{ funnel, form, graceMinutes, sources },
      countries: countries(locale),
      reasons: Object.keys(reasons),
    });
  }
}

const here = (locale: string, slug: string) => ({
  url: `/${locale}/console/petitions/${slug}/signatures`,
  statusCode: 303,
});
