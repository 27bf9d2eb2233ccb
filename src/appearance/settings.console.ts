import { Body, Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Form, refused, seeOther } from '../site/form-answers.js';
import { direction, languageName, type Locale, locales } from '../site/languages.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import { type FieldError, Problem, problems } from '../site/problem.js';
import { readUpload } from '../site/upload.js';
import { Actor, Needs } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { Appearance, type AppearanceView } from './appearance.schema.js';
import { Appearances, logoLimits } from './appearance.service.js';

/** How the site presents itself, and the way to the other settings. */
@ApiExcludeController()
@Needs('appearance:write')
@Controller(':locale/console/settings')
export class SettingsConsole {
  constructor(
    private readonly appearances: Appearances,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  @Get()
  @Page()
  page(@Param('locale', LocalePipe) locale: Locale, @Req() request: FastifyRequest) {
    return this.render(locale, request);
  }

  @Post()
  @Page()
  async change(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const words = (kind: string) => Object.fromEntries(locales.map((each) => [each, form[`${kind}-${each}`] ?? '']));
    const colour = form.colour === '' || form.colour === undefined ? null : form.colour;
    const asked = Appearance.safeParse({ colour, names: words('names'), imprint: words('imprint') });
    if (asked.success) {
      await this.appearances.change(asked.data, actor);
      return seeOther(reply, `/${locale}/console/settings`);
    }
    reply.status(422);
    const errors = fieldErrors(asked.error.issues).map((error) => ({ ...error, field: error.field.replace('.', '-') }));
    return this.render(locale, request, form, errors);
  }

  @Post('logo')
  @Page()
  async changeLogo(
    @Param('locale', LocalePipe) locale: Locale,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const errors = await refused(() => this.takeLogo(request, actor));
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/settings`);
    reply.status(422);
    return this.render(locale, request, undefined, errors);
  }

  @Post('logo/removal')
  async removeLogo(
    @Param('locale', LocalePipe) locale: Locale,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.appearances.removeLogo(actor);
    seeOther(reply, `/${locale}/console/settings`);
  }

  /** A file that is cut off at the limit is a fault of the field, as one that is no picture. */
  private async takeLogo(request: FastifyRequest, actor: Actor): Promise<void> {
    const refuse = (code: string) => problems.invalid([{ field: 'file', code, message: 'This file cannot be taken.' }]);
    if (!request.isMultipart()) throw refuse('required');
    const { sources } = await readUpload(request, logoLimits.bytes).catch((error: unknown) => {
      throw error instanceof Problem && error.code === 'too-large' ? refuse('file-too-large') : error;
    });
    await this.appearances.changeLogo(sources[0]?.bytes ?? new Uint8Array(), actor);
  }

  private async render(locale: Locale, request: FastifyRequest, form?: Form, errors: FieldError[] = []) {
    const { logo, ...now } = await this.appearances.view();
    return this.pages.render('settings', locale, {
      ...this.console.context(request),
      ...{ nav: 'settings', path: '/console/settings', logo, errors, values: form ?? valuesOf(now) },
      languages: locales.map((code) => ({ code, name: languageName(code), dir: direction(code) })),
    });
  }
}

const valuesOf = ({ colour, names, imprint }: Omit<AppearanceView, 'logo'>): Form =>
  Object.fromEntries([
    ['colour', colour ?? ''],
    ...locales.flatMap((locale) => [
      [`names-${locale}`, names[locale] ?? ''],
      [`imprint-${locale}`, imprint[locale] ?? ''],
    ]),
  ]) as Form;
