import { Body, Controller, Get, HttpCode, Param, Post, Query, Redirect, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Form, seeOther, submitted } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { LetterDrafts } from './letter-drafts.service.js';
import { LetterPages } from './letter-pages.service.js';
import { Id } from './letter-params.js';
import { LetterPostscripts } from './letter-postscripts.service.js';
import { LetterVariantPages } from './letter-variant-pages.service.js';
import { LetterVariants } from './letter-variants.service.js';
import { NewVariant } from './letters.schema.js';
import { Postscript } from './postscript.js';
import { readVariantForm } from './variant-form.js';

/** Words for some lawmakers, in forms: variants by rule, and the postscript on the preview of one. */
@ApiExcludeController()
@Needs('letters:compose')
@Controller(':locale/console/letters/:id')
export class LetterVariantsConsole {
  constructor(
    private readonly variants: LetterVariants,
    private readonly postscripts: LetterPostscripts,
    private readonly drafts: LetterDrafts,
    private readonly pages: LetterPages,
    private readonly variantPages: LetterVariantPages,
  ) {}

  @Get('variants/new')
  @Page()
  blank(@Param('locale', LocalePipe) locale: Locale, @Id('id') id: string, @Req() request: FastifyRequest) {
    return this.variantPages.form(locale, request, id, {});
  }

  @Get('variants/:variantId')
  @Page()
  one(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('variantId') variantId: string,
    @Req() request: FastifyRequest,
  ) {
    return this.variantPages.form(locale, request, id, { variantId });
  }

  @Post('variants')
  @HttpCode(200)
  @Page()
  async add(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Body() form: Form,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (form.step === 'preview') return this.variantPages.form(locale, request, id, { values: form });
    const errors = await submitted(NewVariant, readVariantForm(form), (data) => this.variants.add(id, data, actor));
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/letters/${id}?done=saved#variants`);
    reply.status(422);
    return this.variantPages.form(locale, request, id, { values: form, errors });
  }

  @Post('variants/:variantId')
  @HttpCode(200)
  @Page()
  async change(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('variantId') variantId: string,
    @Body() form: Form,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (form.step === 'preview') return this.variantPages.form(locale, request, id, { variantId, values: form });
    const errors = await submitted(NewVariant, readVariantForm(form), (data) =>
      this.variants.change(id, variantId, data, actor),
    );
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/letters/${id}?done=saved#variants`);
    reply.status(422);
    return this.variantPages.form(locale, request, id, { variantId, values: form, errors });
  }

  /** Saves nothing; public/live-preview.js asks while somebody types. `variant`: the one that exists already. */
  @Post('variant-preview')
  @HttpCode(200)
  @Page()
  async preview(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Query('variant') variantId: unknown,
    @Body() form: Form = {},
  ) {
    return this.pages.draft(locale, await this.drafts.variant(id, variantId, form));
  }

  @Post('variants/:variantId/removal')
  @Redirect()
  async remove(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('variantId') variantId: string,
    @Actor() actor: Actor,
  ) {
    await this.variants.remove(id, variantId, actor);
    return { url: `/${locale}/console/letters/${id}?done=saved#variants`, statusCode: 303 };
  }

  @Post('variants/:variantId/place')
  @Redirect()
  async moveUp(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('variantId') variantId: string,
    @Actor() actor: Actor,
  ) {
    await this.variants.moveUp(id, variantId, actor);
    return { url: `/${locale}/console/letters/${id}?done=saved#variants`, statusCode: 303 };
  }

  /** An emptied field takes the postscript away. */
  @Post('previews/:lawmakerId/postscript')
  @HttpCode(200)
  @Page()
  async writePostscript(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('lawmakerId') lawmakerId: string,
    @Body() form: Form,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const here = `/${locale}/console/letters/${id}/previews/${lawmakerId}`;
    if (typeof form.text === 'string' && form.text.trim() === '') {
      await this.postscripts.remove(id, lawmakerId, actor);
      return seeOther(reply, here);
    }
    const errors = await submitted(Postscript, form, (data) => this.postscripts.write(id, lawmakerId, data, actor));
    if (errors.length === 0) return seeOther(reply, here);
    reply.status(422);
    return this.pages.preview(locale, request, id, lawmakerId, actor, { values: form, errors });
  }
}
