import { Body, Controller, Get, Header, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { stringify } from 'csv-stringify/sync';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Petitions } from '../petitions/petitions.service.js';
import { plainCell } from '../site/csv.js';
import type { Locale } from '../site/languages.js';
import { Limits } from '../site/limits.service.js';
import { Page, Pages } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import { type FieldError, Problem, problems } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { MyData } from './my-data.service.js';
import { News } from './news.service.js';
import { withdrawalHours } from './retention.js';
import { HeldSignature, NewWithdrawal, SignerCode } from './rights.schema.js';
import { Rights } from './rights.service.js';
import { linkHours, SealedLinks } from './sealed-links.js';
import { Signatures } from './signatures.service.js';
import { isTopic } from './topics.js';

type Form = Record<string, unknown>;

const secret = () => Header('cache-control', 'no-store');

/** Taking the name back, being forgotten, and seeing everything that is held: pages that need nobody's help. GET never acts. */
@ApiExcludeController()
@Public()
@Controller(':locale')
export class RightsPages {
  constructor(
    private readonly signatures: Signatures,
    private readonly rights: Rights,
    private readonly myData: MyData,
    private readonly news: News,
    private readonly links: SealedLinks,
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    private readonly limits: Limits,
  ) {}

  @Post('confirm/:token/withdrawal')
  @Page()
  @secret()
  async takeBack(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('confirm', request);
    const { slug } = await this.rights.withdraw('confirm', token);
    return seeOther(reply, `/${locale}/p/${slug}/withdrawn`);
  }

  @Get('p/:slug/withdraw')
  @Page()
  withdrawForm(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    return this.renderForm(locale, slug, {}, []);
  }

  @Post('p/:slug/withdraw')
  @Page()
  async askWithdrawal(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('withdraw', request);
    const parsed = NewWithdrawal.safeParse({ email: form.email, locale });
    if (!parsed.success) {
      reply.status(422);
      return this.renderForm(locale, slug, form, fieldErrors(parsed.error.issues));
    }
    await this.signatures.askForRights('withdraw', parsed.data.email, locale, slug);
    return seeOther(reply, `/${locale}/p/${slug}/withdraw-asked`);
  }

  @Post('p/:slug/withdraw-by-code')
  @Page()
  @secret()
  async withdrawByCode(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('code', request);
    const parsed = SignerCode.safeParse({ code: form.code });
    try {
      if (!parsed.success) throw problems.invalid(fieldErrors(parsed.error.issues));
      await this.rights.withdrawByCode(slug, parsed.data.code);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'invalid') throw error;
      reply.status(422);
      return this.renderForm(locale, slug, form, error.details.errors ?? []);
    }
    return seeOther(reply, `/${locale}/p/${slug}/withdrawn`);
  }

  @Get('p/:slug/withdraw-asked')
  @Page()
  async withdrawAsked(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    const petition = this.petitions.heading(await this.petitions.find(slug), locale);
    return this.pages.render('withdraw-asked', locale, { path: `/p/${slug}/withdraw-asked`, petition, linkHours });
  }

  @Get('withdraw/:token')
  @Page()
  @secret()
  async withdrawal(@Param('locale', LocalePipe) locale: Locale, @Param('token') token: string) {
    const form = this.links.open('withdraw', token);
    const petition = this.petitions.heading(await this.petitions.byId(form.petitionId), locale);
    return this.pages.render('withdraw-confirm', locale, { path: `/withdraw/${token}`, petition, token });
  }

  @Post('withdraw/:token')
  @Page()
  @secret()
  async withdraw(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('confirm', request);
    const { slug } = await this.rights.withdraw('withdraw', token);
    return seeOther(reply, `/${locale}/p/${slug}/withdrawn`);
  }

  @Post('withdraw/:token/erasure')
  @Page()
  @secret()
  async erase(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('confirm', request);
    const { slug } = await this.rights.erase('withdraw', token);
    return seeOther(reply, `/${locale}/p/${slug}/erased`);
  }

  @Get('p/:slug/withdrawn')
  @Page()
  withdrawn(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    return this.renderDone(locale, slug, 'withdrawn');
  }

  @Get('p/:slug/erased')
  @Page()
  erased(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    return this.renderDone(locale, slug, 'erased');
  }

  @Get('my-data')
  @Page()
  dataForm(@Param('locale', LocalePipe) locale: Locale) {
    return this.pages.render('my-data-ask', locale, { path: '/my-data', form: { values: {}, errors: [] } });
  }

  @Post('my-data')
  @Page()
  async askForData(
    @Param('locale', LocalePipe) locale: Locale,
    @Body() form: Form = {},
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('withdraw', request);
    const parsed = NewWithdrawal.safeParse({ email: form.email, locale });
    if (!parsed.success) {
      reply.status(422);
      const errors = fieldErrors(parsed.error.issues);
      return this.pages.render('my-data-ask', locale, { path: '/my-data', form: { values: form, errors } });
    }
    await this.signatures.askForRights('my-data', parsed.data.email, locale);
    return seeOther(reply, `/${locale}/my-data/asked`);
  }

  @Get('my-data/asked')
  @Page()
  dataAsked(@Param('locale', LocalePipe) locale: Locale) {
    return this.pages.render('my-data-asked', locale, { path: '/my-data/asked' });
  }

  @Get('my-data/:token')
  @Page()
  @secret()
  async data(@Param('locale', LocalePipe) locale: Locale, @Param('token') token: string, @Query('done') done: unknown) {
    const { email, signatures, remembered } = await this.myData.held(token);
    return this.pages.render('my-data', locale, {
      ...{ path: `/my-data/${token}`, token, email, remembered, withdrawalHours },
      done: ['withdrawn', 'erased', 'taken-back'].find((each) => each === done) ?? null,
      signatures: await Promise.all(
        signatures.map(async (held) => {
          const petition = await this.petitions.find(held.petition).catch(() => null);
          return {
            ...held,
            ...(petition ? this.petitions.heading(petition, locale) : { title: held.petition }),
            state: held.state,
            open: petition !== null,
            archived: petition?.state === 'archived',
          };
        }),
      ),
    });
  }

  @Get('my-data/:token/my-data.json')
  @secret()
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('content-disposition', 'attachment; filename="my-data.json"')
  async json(@Param('token') token: string) {
    return JSON.stringify(await this.myData.held(token), null, 2);
  }

  @Get('my-data/:token/my-data.csv')
  @secret()
  @Header('content-type', 'text/csv; charset=utf-8')
  @Header('content-disposition', 'attachment; filename="my-data.csv"')
  async csv(@Param('token') token: string) {
    const { email, signatures, remembered } = await this.myData.held(token);
    const digests = JSON.stringify(remembered);
    const held = signatures.map(({ consents, kept, ...held }) => ({
      address: email,
      ...held,
      kept: JSON.stringify(kept),
      remembered: digests,
      consents: consents.map(({ purpose, wording }) => `${purpose}: ${wording}`).join('\n'),
    }));
    const rows: object[] =
      held.length > 0 || remembered.length === 0 ? held : [{ address: email, remembered: digests }];
    const cells = rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainCell(String(value ?? ''))])),
    );
    // The names of the columns also when there is nothing.
    return stringify(cells, {
      header: true,
      bom: true,
      columns: ['address', ...Object.keys(HeldSignature.shape), 'remembered'],
    });
  }

  @Post('my-data/:token/:slug/withdrawal')
  @Page()
  @secret()
  async withdrawOne(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Param('slug') slug: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('confirm', request);
    await this.rights.withdraw('my-data', token, slug);
    return seeOther(reply, `/${locale}/my-data/${token}?done=withdrawn`);
  }

  @Post('my-data/:token/:slug/erasure')
  @Page()
  @secret()
  async eraseOne(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Param('slug') slug: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('confirm', request);
    await this.rights.erase('my-data', token, slug);
    return seeOther(reply, `/${locale}/my-data/${token}?done=erased`);
  }

  /** One thing she agreed to, and nothing else. */
  @Post('my-data/:token/:slug/agreements/:topic/withdrawal')
  @Page()
  @secret()
  async takeBackOne(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('token') token: string,
    @Param('slug') slug: string,
    @Param('topic') topic: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.limits.check('confirm', request);
    if (!isTopic(topic)) throw problems.notFound();
    await this.news.takeBackByLink(token, slug, topic);
    return seeOther(reply, `/${locale}/my-data/${token}?done=taken-back`);
  }

  private async renderForm(locale: Locale, slug: string, values: Form, errors: FieldError[]) {
    const petition = this.petitions.heading(await this.petitions.find(slug), locale);
    return this.pages.render('withdraw', locale, { path: `/p/${slug}/withdraw`, petition, form: { values, errors } });
  }

  private async renderDone(locale: Locale, slug: string, what: 'withdrawn' | 'erased') {
    const petition = this.petitions.heading(await this.petitions.find(slug), locale);
    return this.pages.render('withdrawn', locale, { path: `/p/${slug}/${what}`, petition, erased: what === 'erased' });
  }
}

function seeOther(reply: FastifyReply, url: string): void {
  reply.status(303).header('location', url);
}
