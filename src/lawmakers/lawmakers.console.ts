import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe, uuid } from '../site/pipes.js';
import { type FieldError, Problem } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { AudienceService } from './audience.service.js';
import { ContactPointsService } from './contact-points.service.js';
import { channels } from './importers/import-record.js';
import { LawmakerFilter, NewContactPoint, NewObjection, ObjectionLifting } from './lawmakers.schema.js';
import { LawmakersService } from './lawmakers.service.js';
import { chamberName, stateOf } from './lawmakers.words.js';
import { LegislaturesService } from './legislatures.service.js';
import { ObjectionLinks } from './objection-links.service.js';
import { ObjectionsService } from './objections.service.js';

type Form = Record<string, unknown>;

/** Lawmakers for staff: look up, correct by hand, record objections. */
@ApiExcludeController()
@Controller(':locale/console/lawmakers')
export class LawmakersConsole {
  constructor(
    private readonly lawmakers: LawmakersService,
    private readonly legislatures: LegislaturesService,
    private readonly audiences: AudienceService,
    private readonly objections: ObjectionsService,
    private readonly links: ObjectionLinks,
    private readonly contactPoints: ContactPointsService,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Get()
  @Needs('console:read')
  @Page()
  async list(
    @Param('locale', LocalePipe) locale: Locale,
    @Query({ schema: LawmakerFilter }) filter: LawmakerFilter,
    @Req() request: FastifyRequest,
  ) {
    const legislatures = await this.legislatures.list();
    const slugs = filter.legislature ? [filter.legislature] : legislatures.map(({ slug }) => slug);
    const [page, choices] = await Promise.all([this.lawmakers.list(filter), this.audiences.choices(slugs)]);
    const query = new URLSearchParams(request.query as Record<string, string>);
    if (page.next) query.set('after', page.next);
    const options = (values: string[]) => values.map((value) => ({ value, label: value }));
    return this.pages.render('lawmakers-list', locale, {
      ...this.console.context(request),
      nav: 'lawmakers',
      path: `/console/lawmakers${search(request)}`,
      legislatures,
      filter,
      channels,
      filtered: Object.values(filter).some(Boolean),
      lawmakers: page.lawmakers.map((one) => ({ ...one, ...stateOf(one), chamber: chamberName(locale, one.chamber) })),
      next: page.next ? `/${locale}/console/lawmakers?${query.toString()}` : null,
      chambers: choices.chambers.map((value) => ({ value, label: chamberName(locale, value) })),
      parties: options(choices.parties),
      areas: options(choices.areas),
    });
  }

  @Get(':id')
  @Needs('console:read')
  @Page()
  one(@Param('locale', LocalePipe) locale: Locale, @Param('id', uuid) id: string, @Req() request: FastifyRequest) {
    return this.renderOne(locale, id, request);
  }

  @Post(':id/contact-points')
  @Needs('lawmakers:write')
  @Page()
  async addContactPoint(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const parsed = NewContactPoint.safeParse(form);
    let errors = parsed.success ? [] : fieldErrors(parsed.error.issues);
    if (parsed.success) {
      try {
        await this.contactPoints.add(id, parsed.data, actor);
        return seeOther(reply, `/${locale}/console/lawmakers/${id}`);
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'invalid') throw error;
        errors = error.details.errors ?? [];
      }
    }
    reply.status(422);
    return this.renderOne(locale, id, request, form, errors);
  }

  @Post(':id/contact-points/:point/striking')
  @Needs('lawmakers:write')
  async strike(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Param('point', uuid) point: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.contactPoints.strike(id, point, actor);
    return seeOther(reply, `/${locale}/console/lawmakers/${id}`);
  }

  /** The address is right, though a letter to it came back. */
  @Post(':id/contact-points/:point/confirmation')
  @Needs('lawmakers:write')
  async confirm(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Param('point', uuid) point: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.contactPoints.confirm(id, point, actor);
    return seeOther(reply, `/${locale}/console/lawmakers/${id}`);
  }

  @Post(':id/objection')
  @Needs('lawmakers:write')
  @Page()
  async object(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const parsed = NewObjection.safeParse(form);
    if (!parsed.success) {
      reply.status(422);
      return this.renderOne(locale, id, request, form, fieldErrors(parsed.error.issues));
    }
    await this.objections.record(id, parsed.data.note, actor);
    return seeOther(reply, `/${locale}/console/lawmakers/${id}`);
  }

  @Post(':id/objection/lifting')
  @Needs('lawmakers:write')
  @Page()
  async lift(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const parsed = ObjectionLifting.safeParse(form);
    if (!parsed.success) {
      reply.status(422);
      return this.renderOne(locale, id, request, form, fieldErrors(parsed.error.issues));
    }
    await this.objections.lift(id, parsed.data.reason, actor);
    return seeOther(reply, `/${locale}/console/lawmakers/${id}`);
  }

  @Post(':id/link-renewal')
  @Needs('lawmakers:write')
  async renewLink(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('id', uuid) id: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.links.renew(id, actor);
    return seeOther(reply, `/${locale}/console/lawmakers/${id}?done=link-renewed`);
  }

  private async renderOne(
    locale: Locale,
    id: string,
    request: FastifyRequest,
    form: Form = {},
    errors: FieldError[] = [],
  ) {
    const lawmaker = await this.lawmakers.find(id);
    const objections = await this.objections.list(id);
    return this.pages.render('lawmakers-one', locale, {
      ...this.console.context(request),
      nav: 'lawmakers',
      path: `/console/lawmakers/${id}`,
      form,
      errors,
      channels,
      linkRenewed: (request.query as Form).done === 'link-renewed',
      objections,
      lawmaker: { ...lawmaker, ...stateOf(lawmaker), chamber: chamberName(locale, lawmaker.chamber) },
      standing: objections.find(({ liftedAt }) => !liftedAt) ?? null,
      contactPoints: await this.lawmakers.contactPoints(id),
      groups: await this.lawmakers.groups(id),
    });
  }
}

/** The filters of the address, so that another language shows the same list. */
function search(request: FastifyRequest): string {
  const at = request.url.indexOf('?');
  return at < 0 ? '' : request.url.slice(at);
}

function seeOther(reply: FastifyReply, url: string): void {
  reply.status(303).header('location', url);
}
