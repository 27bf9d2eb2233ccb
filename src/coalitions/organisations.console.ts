import { Body, Controller, Get, HttpCode, Param, Post, Redirect, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Petitions } from '../petitions/petitions.service.js';
import { type Form, seeOther, submitted } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe, uuid } from '../site/pipes.js';
import type { FieldError } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { Reauthenticated } from '../staff/reauthenticated.js';
import { Staff } from '../staff/staff.service.js';
import { Coalitions } from './coalitions.service.js';
import { NewOrganisation, NewOrganisationPerson, OrganisationChange } from './organisations.schema.js';

@ApiExcludeController()
@Controller(':locale/console/petitions/:slug/organisations')
export class OrganisationsConsole {
  constructor(
    private readonly coalitions: Coalitions,
    private readonly petitions: Petitions,
    private readonly staff: Staff,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  list(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Req() request: FastifyRequest) {
    return this.render('organisations-list', locale, request, slug, '', {}, []);
  }

  @Needs('organisations:manage')
  @Reauthenticated()
  @Post()
  @HttpCode(200)
  @Page()
  async add(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const errors = await submitted(NewOrganisation, form, (data) => this.coalitions.add(slug, data, actor));
    if (errors.length === 0) return seeOther(reply, here(locale, slug));
    reply.status(422);
    return this.render('organisations-list', locale, request, slug, '', form, errors);
  }

  @Needs('console:read')
  @Get(':id')
  @Page()
  one(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Req() request: FastifyRequest,
  ) {
    return this.renderOne(locale, request, slug, id, null, []);
  }

  @Needs('exports:organisation')
  @Reauthenticated()
  @Post(':id')
  @HttpCode(200)
  @Page()
  async change(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const errors = await submitted(OrganisationChange, form, (data) => this.coalitions.change(slug, id, data, actor));
    if (errors.length === 0) return seeOther(reply, here(locale, slug, id));
    reply.status(422);
    return this.renderOne(locale, request, slug, id, form, errors);
  }

  @Needs('organisations:manage')
  @Reauthenticated()
  @Post(':id/end')
  @Redirect()
  async end(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Actor() actor: Actor,
  ) {
    await this.coalitions.end(slug, id, actor);
    return { url: here(locale, slug), statusCode: 303 };
  }

  @Needs('organisations:manage')
  @Reauthenticated()
  @Post(':id/people')
  @HttpCode(200)
  @Page()
  async addPerson(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const errors = await submitted(NewOrganisationPerson, form, (data) =>
      this.coalitions.addPerson(slug, id, data.staffId, actor),
    );
    if (errors.length === 0) return seeOther(reply, here(locale, slug, id));
    reply.status(422);
    return this.renderOne(locale, request, slug, id, null, errors);
  }

  @Needs('organisations:manage')
  @Post(':id/people/:staffId/removal')
  @Redirect()
  async removePerson(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Param('staffId', uuid) staffId: string,
    @Actor() actor: Actor,
  ) {
    await this.coalitions.removePerson(slug, id, staffId, actor);
    return { url: here(locale, slug, id), statusCode: 303 };
  }

  private async renderOne(
    locale: Locale,
    request: FastifyRequest,
    slug: string,
    id: string,
    values: Form | null,
    errors: FieldError[],
  ) {
    const organisation = await this.coalitions.one(slug, id);
    const staff = (await this.staff.list()).filter((each) => each.role !== 'admin' && each.disabledAt === null);
    return this.render('organisations-one', locale, request, slug, `/${id}`, values ?? { ...organisation }, errors, {
      organisation,
      staff: staff.map((each) => ({ value: each.id, label: each.name })),
    });
  }

  private async render(
    template: string,
    locale: Locale,
    request: FastifyRequest,
    slug: string,
    path: string,
    values: Form,
    errors: FieldError[],
    more: object = {},
  ) {
    const petition = await this.petitions.findForStaff(slug);
    return this.pages.render(template, locale, {
      ...this.console.context(request),
      ...{ nav: 'petitions', path: `/console/petitions/${slug}/organisations${path}` },
      base: here(locale, slug),
      petition: { slug, title: this.petitions.text(petition, locale).title, state: petition.state },
      organisations: await this.coalitions.list(slug),
      form: { values, errors },
      ...more,
    });
  }
}

const here = (locale: string, slug: string, id?: string) =>
  `/${locale}/console/petitions/${slug}/organisations${id ? `/${id}` : ''}`;
