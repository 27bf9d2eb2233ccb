import { Body, Controller, HttpCode, Param, Post, Redirect, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Form, seeOther } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { NewAnswer, SeenAnswer } from './answers.schema.js';
import { LetterAnswers } from './letter-answers.service.js';
import { LetterPages } from './letter-pages.service.js';
import { Id } from './letter-params.js';

const back = (locale: string, id: string, letterId: string) => ({
  url: `/${locale}/console/letters/${id}/letters/${letterId}`,
  statusCode: 303,
});

@ApiExcludeController()
@Controller(':locale/console/letters/:id/letters/:letterId/answer')
export class LetterAnswersConsole {
  constructor(
    private readonly answers: LetterAnswers,
    private readonly pages: LetterPages,
  ) {}

  @Needs('letters:compose')
  @Post()
  @HttpCode(200)
  @Page()
  async record(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('letterId') letterId: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const parsed = NewAnswer.safeParse(form);
    if (parsed.success) {
      await this.answers.record(id, letterId, parsed.data, actor);
      return seeOther(reply, back(locale, id, letterId).url);
    }
    reply.status(422);
    const shown = { values: form, errors: fieldErrors(parsed.error.issues) };
    return this.pages.letter(locale, request, id, letterId, actor, shown);
  }

  @Needs('letters:compose')
  @Post('removal')
  @Redirect()
  async remove(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('letterId') letterId: string,
    @Actor() actor: Actor,
  ) {
    await this.answers.remove(id, letterId, actor);
    return back(locale, id, letterId);
  }

  @Needs('letters:send')
  @Post('publication')
  @Redirect()
  async publish(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('letterId') letterId: string,
    @Body({ schema: SeenAnswer }) { recordedAt }: SeenAnswer,
    @Actor() actor: Actor,
  ) {
    await this.answers.publish(id, letterId, recordedAt, actor);
    return back(locale, id, letterId);
  }

  @Needs('letters:send')
  @Post('publication/end')
  @Redirect()
  async unpublish(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('letterId') letterId: string,
    @Actor() actor: Actor,
  ) {
    await this.answers.unpublish(id, letterId, actor);
    return back(locale, id, letterId);
  }
}
