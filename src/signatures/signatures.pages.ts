import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PetitionExtras } from '../petitions/petition-extras.js';
import { PetitionPage } from '../petitions/petition-page.service.js';
import { Petitions } from '../petitions/petitions.service.js';
import { FormTokens } from '../site/form-token.service.js';
import type { Locale } from '../site/languages.js';
import { Limits } from '../site/limits.service.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import { Pressure } from '../site/pressure.js';
import { ProofOfWork } from '../site/proof-of-work.service.js';
import type { FieldError } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { probablyMeant } from './address-typo.js';
import { Confirming, NewSignature, OwnWords } from './signatures.schema.js';
import { linkHours, SealedLinks } from './sealed-links.js';
import { Signatures } from './signatures.service.js';

type Form = Record<string, unknown>;

const codeCookie = 'countersign-code';

/** The supporter's way, one form and one redirect a step; GET never acts. */
@ApiExcludeController()
@Public()
@Controller(':locale')
export class SignaturesPages {
  constructor(
    private readonly signatures: Signatures,
    private readonly links: SealedLinks,
    private readonly petitions: Petitions,
    private readonly petitionPage: PetitionPage,
    private readonly pages: Pages,
    private readonly formTokens: FormTokens,
    private readonly limits: Limits,
    private readonly pressure: Pressure,
    private readonly proofs: ProofOfWork,
    private readonly extras: PetitionExtras,
  ) {}

  @Post('p/:slug/signatures')
  @Page()
  async ask(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('sign', request);
    const ticked = (name: string) => form[name] === 'on';
    const parsed = NewSignature.safeParse({
      ...{ name: form.name, email: emailOf(form), country: form.country, locale },
      consents: {
        ...{ sign: ticked('consentSign'), showName: ticked('consentShowName'), news: ticked('consentNews') },
        organisations: (await this.petitions.find(slug)).organisations
          .map(({ id }) => id)
          .filter((id) => ticked(`organisation-${id}`)),
      },
    });
    const errors = [...(parsed.error ? onForm(fieldErrors(parsed.error.issues)) : []), ...this.notByHand(form)];
    if (!parsed.success || errors.length > 0) {
      reply.status(422);
      return this.petitionPage.render(slug, locale, { values: form, errors: onePerField(errors) });
    }
    const { email } = parsed.data;
    const meant = form.typoAsked === email ? null : probablyMeant(email);
    if (meant) {
      reply.status(422);
      return this.petitionPage.render(slug, locale, { values: { ...form, email }, errors: [], meant });
    }
    if ((await this.pressure.isOn(slug)) && !(await this.hasWorked(slug, form, request))) {
      reply.status(403);
      return this.petitionPage.render(slug, locale, { values: form, errors: [], proofNeeded: true });
    }
    await this.signatures.ask(slug, parsed.data, 'page');
    return seeOther(reply, `/${locale}/p/${slug}/look-in-your-mailbox`);
  }

  @Get('p/:slug/look-in-your-mailbox')
  @Page()
  async asked(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    const petition = this.petitions.heading(await this.petitions.find(slug), locale);
    return this.pages.render('look-in-mailbox', locale, {
      path: `/p/${slug}/look-in-your-mailbox`,
      petition,
      linkHours,
    });
  }

  @Get('confirm/:token')
  @Page()
  @Header('cache-control', 'no-store')
  async confirmation(@Param('locale', LocalePipe) locale: Locale, @Param('token') token: string) {
    const form = this.links.open('confirm', token);
    const petition = this.petitions.heading(await this.petitions.byId(form.petitionId), locale);
    const { name, country } = form;
    return this.pages.render('confirm', locale, { path: `/confirm/${token}`, petition, signer: { name, country } });
  }

  @Post('confirm/:token')
  @Page()
  @Header('cache-control', 'no-store')
  async confirm(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('confirm', request);
    const own = Confirming.safeParse({ codeHash: form.codeHash }).data?.codeHash;
    const busyNetwork = !this.limits.allowsFrom('confirm-network', request);
    const { fresh, code } = await this.signatures.confirm(token, own ? Buffer.from(own, 'hex') : null, busyNetwork);
    const path = `/${locale}/confirm/${token}/thank-you`;
    // Without script the code is made here, and goes to the next page and no further.
    const secure = request.protocol === 'https';
    if (code) reply.setCookie(codeCookie, code, { path, httpOnly: true, secure, sameSite: 'strict', maxAge: 300 });
    return seeOther(reply, fresh && !code ? `${path}?code=own` : path);
  }

  @Get('confirm/:token/thank-you')
  @Page()
  @Header('cache-control', 'no-store')
  async thankYou(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Query('code') code: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const given = request.cookies[codeCookie];
    if (given) reply.clearCookie(codeCookie, { path: `/${locale}/confirm/${token}/thank-you` });
    const shown = /^[0-9A-Z]{20}$/.test(given ?? '') ? given!.match(/.{5}/g)!.join('-') : null;
    return this.renderThankYou(locale, token, {}, [], { code: shown, ownCode: code === 'own' });
  }

  @Post('confirm/:token/receipt')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  receipt(@Param('token') token: string, @Req() request: FastifyRequest) {
    this.limits.check('confirm', request);
    return this.signatures.receipt(token);
  }

  @Post('confirm/:token/words')
  @Page()
  @Header('cache-control', 'no-store')
  async addWords(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('confirm', request);
    const parsed = OwnWords.safeParse({ words: form.words });
    if (!parsed.success) {
      reply.status(422);
      return this.renderThankYou(locale, token, form, fieldErrors(parsed.error.issues));
    }
    await this.signatures.addWords(token, parsed.data.words);
    return seeOther(reply, `/${locale}/confirm/${token}/thank-you#own-words`);
  }

  private async hasWorked(slug: string, form: Form, request: FastifyRequest): Promise<boolean> {
    if (form.proof) return this.proofs.accepts(slug, form.proof);
    return this.limits.allowsFrom('sign-after-waiting', request) && this.proofs.hasWaited(slug, form.wait);
  }

  private async renderThankYou(locale: Locale, token: string, values: Form, errors: FieldError[], codes: object = {}) {
    const signed = await this.signatures.look(token);
    const petition = await this.petitions.byId(signed.petitionId);
    const { count, pending } = await this.petitions.count(petition);
    return this.pages.render('confirmed', locale, {
      path: `/confirm/${token}/thank-you`,
      petition: this.petitions.heading(petition, locale),
      ...{ token, count, pending, hasWords: signed.words !== '', ...codes },
      extras: await this.extras.of(petition.id),
      form: { values: { words: signed.words, ...values }, errors },
    });
  }

  /** The field people do not see was filled in, or the form came back too fast or too late. Nothing is dropped silently. */
  private notByHand(form: Form): FieldError[] {
    if (form.website) return [{ field: 'website', code: 'leave-empty', message: 'leave this empty' }];
    const code = this.formTokens.refuse(form.t);
    return code ? [{ field: 't', code, message: code }] : [];
  }
}

function seeOther(reply: FastifyReply, url: string): void {
  reply.status(303).header('location', url);
}

/** What she typed, or what was meant, if she said so when asked. */
const emailOf = ({ email, useMeant }: Form): unknown => {
  const meant = useMeant === 'on' && typeof email === 'string' ? probablyMeant(email.trim()) : null;
  return meant ?? email;
};

const onForm = (errors: FieldError[]): FieldError[] =>
  errors.map((error) => (error.field.startsWith('consents') ? { ...error, field: 'consentSign' } : error));

const onePerField = (errors: FieldError[]): FieldError[] =>
  errors.filter(({ field }, index) => errors.findIndex((other) => other.field === field) === index);
