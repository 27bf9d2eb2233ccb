import { Body, Controller, Get, HttpCode, Param, Post, Query, Redirect, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Form, seeOther } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import type { FieldError } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { atFields, emptyCampaignForm, officeHoursForm, readOfficeHours, withLists } from './letter-forms.js';
import { weekdaysIn } from './letter-pages.service.js';
import { LegislatureOfficeHours } from './office-hours.service.js';
import { OfficeHours } from './pace.schema.js';

@ApiExcludeController()
@Controller(':locale/console/legislatures/:slug/office-hours')
export class OfficeHoursConsole {
  constructor(
    private readonly hours: LegislatureOfficeHours,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Needs('console:read')
  @Get()
  @Page()
  page(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Req() request: FastifyRequest,
    @Query('fallen') fallen?: string,
  ) {
    return this.render(locale, slug, request, { fallen });
  }

  @Needs('lawmakers:write')
  @Post()
  @HttpCode(200)
  @Page()
  async set(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const parsed = OfficeHours.safeParse(readOfficeHours(form));
    if (parsed.success) {
      const fallen = await this.hours.set(slug, parsed.data, actor);
      return seeOther(reply, `/${locale}/console/legislatures/${slug}/office-hours?fallen=${fallen}`);
    }
    reply.status(422);
    const errors = fieldErrors(parsed.error.issues).map((error) => ({ ...error, field: `pace.${error.field}` }));
    return this.render(locale, slug, request, { values: withLists(form), errors: atFields(errors) });
  }

  @Needs('lawmakers:write')
  @Post('removal')
  @Redirect()
  async remove(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Actor() actor: Actor) {
    const fallen = await this.hours.set(slug, null, actor);
    return { url: `/${locale}/console/legislatures/${slug}/office-hours?fallen=${fallen}`, statusCode: 303 };
  }

  private async render(
    locale: Locale,
    slug: string,
    request: FastifyRequest,
    { values, errors = [], fallen }: { values?: Form; errors?: FieldError[]; fallen?: string },
  ) {
    const legislature = await this.hours.find(slug);
    const { officeHours } = legislature;
    return this.pages.render('letters-office-hours', locale, {
      ...this.console.context(request),
      nav: 'lawmakers',
      path: `/console/legislatures/${slug}/office-hours`,
      legislature,
      weekdays: weekdaysIn(locale),
      form: { values: values ?? (officeHours ? officeHoursForm(officeHours) : emptyCampaignForm), errors },
      fallen: fallen && /^\d{1,6}$/.test(fallen) ? Number(fallen) : null,
    });
  }
}
