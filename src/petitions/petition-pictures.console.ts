import { Controller, Get, HttpCode, Param, Post, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Form, seeOther, submitted } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { type FieldError, Problem } from '../site/problem.js';
import { readUpload, type Upload } from '../site/upload.js';
import { Actor, Needs } from '../staff/access.js';
import { language, PetitionConsoleFrame } from './petition-console-frame.js';
import { pictureLimits, PictureWords, readPictureWords } from './petition-picture.schema.js';
import { pictureForStaff, PetitionPictures } from './petition-pictures.service.js';
import { Petitions } from './petitions.service.js';

/** The picture of a petition: another file, what it shows in each language, whose it is. */
@ApiExcludeController()
@Controller(':locale/console/petitions/:slug/picture')
export class PetitionPicturesConsole {
  constructor(
    private readonly petitions: Petitions,
    private readonly pictures: PetitionPictures,
    private readonly frame: PetitionConsoleFrame,
  ) {}

  @Needs('petitions:write')
  @Get()
  @Page()
  page(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string, @Req() request: FastifyRequest) {
    return this.render(locale, request, slug);
  }

  /** For staff also before everybody may see it. */
  @Needs('console:read')
  @Get('files/:name')
  async file(
    @Param('slug') slug: string,
    @Param('name') name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { type, bytes } = await this.pictures.file((await this.petitions.findForStaff(slug)).id, name);
    reply.header('content-security-policy', "default-src 'none'; sandbox");
    return new StreamableFile(bytes, { type, length: bytes.length });
  }

  @Needs('petitions:write')
  @Post()
  @HttpCode(200)
  @Page()
  async change(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { upload, tooLarge } = await readPictureForm(request);
    const errors = tooLarge
      ? [{ field: 'file', code: 'file-too-large', message: 'A picture may have 400 KB.' }]
      : await submitted(PictureWords, readPictureWords(upload.fields), (words) =>
          this.pictures.change(slug, upload.sources[0]?.bytes ?? new Uint8Array(), words, actor),
        );
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/petitions/${slug}/picture`);
    reply.status(422);
    const beside = errors.map((error) => ({ ...error, field: error.field.replace('.', '-') }));
    return this.render(locale, request, slug, upload.fields, beside);
  }

  @Needs('petitions:write')
  @Post('removal')
  async remove(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Actor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.pictures.remove(slug, actor);
    seeOther(reply, `/${locale}/console/petitions/${slug}/picture`);
  }

  private async render(
    locale: Locale,
    request: FastifyRequest,
    slug: string,
    values?: Form,
    errors: FieldError[] = [],
  ) {
    const petition = await this.petitions.findForStaff(slug);
    const picture = await this.pictures.of(slug, petition.id);
    const written = petition.texts.map(({ locale: code }) => code);
    return this.frame.render('petitions-picture', locale, request, `/${slug}/picture`, {
      petition: this.frame.shown(petition, locale),
      picture: picture && { ...picture, address: pictureForStaff(locale, slug, picture.url) },
      fields: written.map((code) => ({
        ...language(code),
        field: `alt-${code}`,
        value: values ? values[`alt-${code}`] : picture?.alt[code],
        required: code === petition.originalLocale,
      })),
      form: { values: { credit: values ? values.credit : picture?.credit }, errors },
    });
  }
}

/** What was typed is kept when the file is cut off at the limit. */
async function readPictureForm(request: FastifyRequest): Promise<{ upload: Upload; tooLarge: boolean }> {
  const fields = { ...(request.body as Record<string, string> | undefined) };
  if (!request.isMultipart()) return { upload: { fields, sources: [] }, tooLarge: false };
  try {
    return { upload: await readUpload(request, pictureLimits.bytes), tooLarge: false };
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'too-large') throw error;
    return { upload: { fields, sources: [] }, tooLarge: true };
  }
}
