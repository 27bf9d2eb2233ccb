import {
  Body,
  Controller,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  StreamableFile,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Form, refused, seeOther } from '../site/form-answers.js';
import type { Locale } from '../site/languages.js';
import { Page } from '../site/pages.service.js';
import { fieldErrors, LocalePipe } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { Reauthenticated } from '../staff/reauthenticated.js';
import { Approvals } from './approvals.service.js';
import { changesCsv } from './changes-csv.js';
import { Dispatch } from './dispatch.service.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { LetterPages } from './letter-pages.service.js';
import { Id } from './letter-params.js';
import { LetterReports } from './letter-report.service.js';
import { LetterTasks } from './letter-tasks.service.js';
import { LetterFilter, NewApproval, ReviewReturn, TaskCompletion, TaskReopening } from './letters.schema.js';

/** Review, dispatch, and what became of each letter. */
@ApiExcludeController()
@Controller(':locale/console/letters/:id')
export class LettersSendingConsole {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly approvals: Approvals,
    private readonly dispatch: Dispatch,
    private readonly reports: LetterReports,
    private readonly tasks: LetterTasks,
    private readonly pages: LetterPages,
  ) {}

  @Needs('letters:compose')
  @Post('review')
  @HttpCode(200)
  @Page()
  async ask(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const errors = await refused(() => this.approvals.ask(id, actor));
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/letters/${id}?done=asked`);
    reply.status(422);
    return this.pages.campaign(locale, request, id, actor, { errors });
  }

  @Needs('letters:compose')
  @Post('review/withdrawal')
  @Redirect()
  async takeBack(@Param('locale', LocalePipe) locale: Locale, @Id('id') id: string, @Actor() actor: Actor) {
    await this.approvals.takeBack(id, '', actor);
    return next(locale, id);
  }

  @Needs('letters:send')
  @Post('approval')
  @HttpCode(200)
  @Page()
  async approve(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Body({ schema: NewApproval }) shown: NewApproval,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const errors = await refused(() => this.approvals.approve(id, shown, actor));
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/letters/${id}?done=approved`);
    reply.status(422);
    return this.pages.campaign(locale, request, id, actor, { errors });
  }

  @Needs('letters:send')
  @Post('approval/refusal')
  @Redirect()
  async sendBack(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Body({ schema: ReviewReturn }) { reason }: ReviewReturn,
    @Actor() actor: Actor,
  ) {
    await this.approvals.takeBack(id, reason, actor);
    return next(locale, id);
  }

  @Needs('letters:send')
  @Reauthenticated()
  @Post('dispatch')
  @Redirect()
  async start(@Param('locale', LocalePipe) locale: Locale, @Id('id') id: string, @Actor() actor: Actor) {
    await this.dispatch.start(id, actor);
    return next(locale, id, 'dispatched');
  }

  @Needs('letters:send')
  @Post('pause')
  @Redirect()
  async pause(@Param('locale', LocalePipe) locale: Locale, @Id('id') id: string, @Actor() actor: Actor) {
    await this.dispatch.pause(id, actor);
    return next(locale, id);
  }

  @Needs('letters:send')
  @Post('pause/end')
  @Redirect()
  async resume(@Param('locale', LocalePipe) locale: Locale, @Id('id') id: string, @Actor() actor: Actor) {
    await this.dispatch.resume(id, actor);
    return next(locale, id);
  }

  @Needs('letters:send')
  @Post('cancellation')
  @Redirect()
  async cancel(@Param('locale', LocalePipe) locale: Locale, @Id('id') id: string, @Actor() actor: Actor) {
    await this.dispatch.cancel(id, actor);
    return next(locale, id);
  }

  @Needs('console:read')
  @Get('approval/changes.csv')
  async changes(@Param('locale', LocalePipe) locale: Locale, @Id('id') id: string) {
    return changesCsv(locale, await this.approvals.changes(await this.campaigns.find(id)));
  }

  @Needs('console:read')
  @Get('letters')
  @Page()
  letters(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Query({ schema: LetterFilter }) filter: LetterFilter,
    @Req() request: FastifyRequest,
  ) {
    return this.pages.letters(locale, request, id, filter);
  }

  @Needs('console:read')
  @Get('letters.csv')
  csv(@Id('id') id: string) {
    return new StreamableFile(this.reports.csv(id), {
      type: 'text/csv; charset=utf-8',
      disposition: `attachment; filename="letters-${id}.csv"`,
    });
  }

  @Needs('console:read')
  @Get('report')
  @Page()
  report(@Param('locale', LocalePipe) locale: Locale, @Id('id') id: string, @Req() request: FastifyRequest) {
    return this.pages.report(locale, request, id);
  }

  /** All open letters of the post channel, a sheet each. */
  @Needs('console:read')
  @Get('print')
  @Page()
  print(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
  ) {
    return this.pages.print(locale, request, id, actor);
  }

  /** All open calls on one sheet. */
  @Needs('console:read')
  @Get('calls')
  @Page()
  calls(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
  ) {
    return this.pages.calls(locale, request, id, actor);
  }

  @Needs('console:read')
  @Get('envelopes.csv')
  envelopes(@Id('id') id: string) {
    return new StreamableFile(this.reports.envelopes(id), {
      type: 'text/csv; charset=utf-8',
      disposition: `attachment; filename="envelopes-${id}.csv"`,
    });
  }

  @Needs('console:read')
  @Get('letters/:letterId')
  @Page()
  letter(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('letterId') letterId: string,
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Query('done') done?: string,
  ) {
    return this.pages.letter(locale, request, id, letterId, actor, { done });
  }

  @Needs('letters:compose')
  @Post('letters/:letterId/completion')
  @HttpCode(200)
  @Page()
  async complete(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('letterId') letterId: string,
    @Body() form: Form = {},
    @Actor() actor: Actor,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const done = TaskCompletion.safeParse(form);
    const errors = done.success
      ? await refused(() => this.tasks.complete(id, letterId, done.data, actor))
      : fieldErrors(done.error.issues);
    if (errors.length === 0) return seeOther(reply, `/${locale}/console/letters/${id}/letters?status=task`);
    reply.status(422);
    return this.pages.letter(locale, request, id, letterId, actor, { task: { values: form, errors } });
  }

  @Needs('letters:compose')
  @Post('letters/:letterId/reopening')
  @Redirect()
  async reopen(
    @Param('locale', LocalePipe) locale: Locale,
    @Id('id') id: string,
    @Id('letterId') letterId: string,
    @Body({ schema: TaskReopening }) { reason }: TaskReopening,
    @Actor() actor: Actor,
  ) {
    await this.tasks.reopen(id, letterId, reason, actor);
    return { url: `/${locale}/console/letters/${id}/letters/${letterId}`, statusCode: 303 };
  }
}

const next = (locale: string, id: string, done?: string) => ({
  url: `/${locale}/console/letters/${id}${done ? `?done=${done}` : ''}`,
  statusCode: 303,
});
