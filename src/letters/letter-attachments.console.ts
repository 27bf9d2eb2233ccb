import { Controller, Get, HttpCode, Param, Post, Redirect, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refused, seeOther } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { type FieldError, Problem, problems } from '../site/problem.js';
import { readUpload } from '../site/upload.js';
import { Actor, Needs } from '../staff/access.js';
import { sendAttachment } from './attachment-answer.js';
import { LetterAttachments } from './letter-attachments.service.js';
import { LetterPages } from './letter-pages.service.js';
import { Id } from './letter-params.js';

/** Files that go with a letter, on its page. */
@ApiExcludeController()
@Controller(':locale/console/letters/:id/attachments')
export class LetterAttachmentsConsole {
  constructor(
    private readonly attachments: LetterAttachments,
    private readonly pages: LetterPages,
  ) {}

  @Needs('letters:compose')
  @Post()
  @HttpCode(200)
  @Page()
  async add(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const errors = await refused(() => this.take(id, request, actor));
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/letters/${id}?done=saved#attachments`);
    reply.status(422);
    return this.pages.campaign(locale, request, id, actor, { errors });
  }

  @Needs('console:read')
  @Get(':attachmentId')
  async one(
    @Id('id') id: string,
    @Id('attachmentId') attachmentId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return sendAttachment(await this.attachments.find(id, attachmentId), reply);
  }

  @Needs('letters:compose')
  @Post(':attachmentId/removal')
  @Redirect()
  async remove(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('attachmentId') attachmentId: string,
    @Actor() actor: Actor,
  ) {
    await this.attachments.remove(id, attachmentId, actor);
    return { url: `/${locale}/console/letters/${id}?done=saved#attachments`, statusCode: 303 };
  }

  /** A file that is cut off at the limit is a fault of the field, as one that is only just too large. */
  private async take(id: string, request: FastifyRequest, actor: Actor): Promise<void> {
    try {
      const { sources } = await readUpload(request, this.attachments.limits.file);
      await this.attachments.add(id, sources[0]?.name ?? '', Buffer.from(sources[0]?.bytes ?? []), actor);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'too-large') throw error;
      const fault: FieldError = { field: 'file', code: 'file-too-large', message: 'This file is too large.' };
      throw problems.invalid([fault]);
    }
  }
}
