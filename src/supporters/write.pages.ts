import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Petitions } from '../petitions/petitions.service.js';
import { NewWithdrawal } from '../signatures/rights.schema.js';
import { linkHours } from '../signatures/sealed-links.js';
import { Signatures } from '../signatures/signatures.service.js';
import { type Form, refused, seeOther } from '../site/form-answers.js';
import { direction, type Locale } from '../site/languages.js';
import { Limits } from '../site/limits.service.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import type { FieldError } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { SupporterLetters } from './supporter-letters.service.js';
import { type Desk, digestOf, type OwnText, WriteDesks } from './write-desks.service.js';
import { mostWords, OwnLetter, Seen } from './write.schema.js';

const secret = () => Header('cache-control', 'no-store');

/** Writing to one's own lawmakers: from a link in the mailbox, without JavaScript. GET never sends. */
@ApiExcludeController()
@Public()
@Controller(':locale')
export class WritePages {
  constructor(
    private readonly desks: WriteDesks,
    private readonly letters: SupporterLetters,
    private readonly signatures: Signatures,
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    private readonly limits: Limits,
  ) {}

  @Get('p/:slug/write')
  @Page()
  ask(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    return this.renderAsk(locale, slug, {}, []);
  }

  @Post('p/:slug/write')
  @HttpCode(200)
  @Page()
  async askForLink(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('withdraw', request);
    await this.desks.requireOpen((await this.petitions.find(slug)).id);
    const parsed = NewWithdrawal.safeParse({ email: form.email, locale });
    if (!parsed.success) {
      reply.status(422);
      return this.renderAsk(locale, slug, form, fieldErrors(parsed.error.issues));
    }
    await this.signatures.askForRights('write', parsed.data.email, locale, slug);
    return seeOther(reply, `/${locale}/p/${slug}/write-asked`);
  }

  @Get('p/:slug/write-asked')
  @Page()
  async asked(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    const petition = await this.shown(slug, locale);
    return this.pages.render('write-asked', locale, { path: `/p/${slug}/write-asked`, petition, linkHours });
  }

  /** From the thank-you page: she has shown that the mailbox is hers. */
  @Post('confirm/:token/write')
  @HttpCode(200)
  @Page()
  @secret()
  fromConfirmation(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return seeOther(reply, `/${locale}/write/${this.signatures.writeLink(token)}`);
  }

  @Get('write/:token')
  @Page()
  @secret()
  async write(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Query('area') area: unknown,
  ) {
    return this.renderForm(locale, token, { area });
  }

  /** Shows every letter to the last character; `change` goes back to the form with what she wrote. */
  @Post('write/:token/preview')
  @HttpCode(200)
  @Page()
  @secret()
  async preview(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('confirm', request);
    if (form.action === 'change') return this.renderForm(locale, token, form);
    return this.renderPreview(locale, token, form, reply, false);
  }

  @Post('write/:token')
  @HttpCode(200)
  @Page()
  @secret()
  async send(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('confirm', request);
    const wanted = OwnLetter.safeParse(form);
    const seen = Seen.safeParse(form.seen);
    if (wanted.success && seen.success) {
      let sent = false;
      const errors = await refused(async () => (sent = await this.letters.send(token, wanted.data, seen.data, locale)));
      if (sent) return seeOther(reply, `/${locale}/write/${token}/sent`);
      if (errors.length > 0) return this.renderForm(locale, token, form, errors, reply);
    }
    return this.renderPreview(locale, token, form, reply, true);
  }

  @Get('write/:token/sent')
  @Page()
  @secret()
  async sent(@Param('locale', LocalePipe) locale: Locale, @Param('token') token: string) {
    const desk = await this.desks.open(token);
    return this.pages.render('write-sent', locale, {
      path: `/write/${token}/sent`,
      token,
      petition: await this.shownById(desk.petitionId, locale),
      letters: await this.letters.held(desk.petitionId, desk.signatureId),
      more: desk.left > 0,
      digest: desk.campaign.digest,
    });
  }

  private async renderAsk(locale: Locale, slug: string, values: Form, errors: FieldError[]) {
    const { id } = await this.petitions.find(slug);
    await this.desks.requireOpen(id);
    const petition = await this.shown(slug, locale);
    return this.pages.render('write-ask', locale, { path: `/p/${slug}/write`, petition, form: { values, errors } });
  }

  private async renderForm(
    locale: Locale,
    token: string,
    values: Form,
    errors: FieldError[] = [],
    reply?: FastifyReply,
  ): Promise<string> {
    const desk = await this.desks.open(token);
    const { areas, area, lawmakers, byHand } = await this.desks.offer(desk, values.area, locale);
    if (errors.length > 0) reply?.status(422);
    return this.pages.render('write', locale, {
      path: `/write/${token}`,
      ...{ token, areas, area, mostWords, ...this.limitsOf(desk) },
      countries: new Set(areas.map(({ country }) => country)).size,
      petition: await this.shownById(desk.petitionId, locale),
      name: desk.name,
      lawmakers: lawmakers.map((each) => ({
        ...each,
        // Everybody is offered at first; who has pressed the button has chosen, be it nobody.
        chosen:
          values.lawmakers === undefined && errors.length === 0
            ? lawmakers.length <= desk.leftToday
            : lists(values.lawmakers, each.id),
      })),
      byHand: byHand.map((text) => this.textView(text, locale)),
      form: { values, errors },
    });
  }

  private async renderPreview(locale: Locale, token: string, form: Form, reply: FastifyReply, changed: boolean) {
    const desk = await this.desks.open(token);
    const wanted = OwnLetter.safeParse(form);
    if (!wanted.success) return this.renderForm(locale, token, form, fieldErrors(wanted.error.issues), reply);
    let texts: OwnText[] = [];
    const errors = await refused(async () => (texts = await this.desks.texts(desk, wanted.data)));
    if (errors.length === 0 && texts.length === 0) {
      errors.push({ field: 'lawmakers', code: 'required', message: 'Choose whom you write to.' });
    }
    if (errors.length > 0) return this.renderForm(locale, token, form, errors, reply);
    return this.pages.render('write-preview', locale, {
      path: `/write/${token}/preview`,
      ...{ token, changed },
      petition: await this.shownById(desk.petitionId, locale),
      ...this.senderOf(desk),
      letters: texts.map((text) => this.textView(text, locale)),
      values: wanted.data,
      seen: digestOf(texts),
    });
  }

  private senderOf({ name, email, campaign }: Desk) {
    const { organisation, digest, senderName, replyTo } = campaign;
    return { digest, organisation, ...(digest ? { name: senderName, replyTo } : { name, replyTo: email }) };
  }

  private limitsOf({ left, leftToday, campaign }: Desk) {
    const { digest, supporterPerDay, supporterTotal } = campaign;
    return { left, leftToday, digest, perDay: supporterPerDay, total: supporterTotal };
  }

  private textView(
    { lawmaker, subject, text, locale }: OwnText & { contact?: string; channel?: string },
    page: Locale,
  ) {
    const { name, contactPoint } = lawmaker;
    const isLink = contactPoint!.channel === 'form' && /^https?:\/\//.test(contactPoint!.value);
    return {
      ...{ id: lawmaker.lawmakerId, name, subject, text, locale, isLink },
      ...{ contact: contactPoint!.value, channel: contactPoint!.channel },
      dir: direction(locale ?? page),
    };
  }

  private async shown(slug: string, locale: Locale) {
    const petition = await this.petitions.find(slug);
    return this.petitions.heading(petition, locale);
  }

  private async shownById(id: string, locale: Locale) {
    const petition = await this.petitions.byId(id);
    return this.petitions.heading(petition, locale);
  }
}

const lists = (value: unknown, id: string) => (Array.isArray(value) ? value : [value]).includes(id);
