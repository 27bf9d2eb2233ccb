import { Body, Controller, Delete, Get, HttpCode, Post, Put, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { linkNext } from '../site/next-link.js';
import { Actor, Needs } from '../staff/access.js';
import { Reauthenticated } from '../staff/reauthenticated.js';
import { Approvals } from './approvals.service.js';
import { Dispatch } from './dispatch.service.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { Id } from './letter-params.js';
import { LetterReports } from './letter-report.service.js';
import { PartStop } from './pace.schema.js';
import { LetterTasks } from './letter-tasks.service.js';
import { approvalView, campaignView, letterView } from './letter-views.js';
import {
  LetterCampaignView,
  LetterFilter,
  NewApproval,
  ReviewReturn,
  TaskCompletion,
  TaskReopening,
} from './letters.schema.js';

/** Approving, sending, and what became of each letter. Every verb is a resource of the campaign. */
@ApiTags('letters')
@Controller('api/v1/letter-campaigns/:id')
export class LettersSendingApi {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly approvals: Approvals,
    private readonly dispatch: Dispatch,
    private readonly reports: LetterReports,
    private readonly tasks: LetterTasks,
  ) {}

  @Needs('letters:compose')
  @Post('review')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: LetterCampaignView })
  async ask(@Id('id') id: string, @Actor() actor: Actor) {
    await this.approvals.ask(id, actor);
    return this.view(id);
  }

  /** Takes the request back; an approver sends the letter back by deleting its approval. */
  @Needs('letters:compose')
  @Delete('review')
  async takeBack(@Id('id') id: string, @Actor() actor: Actor) {
    await this.approvals.takeBack(id, '', actor);
    return this.view(id);
  }

  /** The hash of what is written now, that of the list while it waits for a second person, and who asked and approved. */
  @Needs('console:read')
  @Get('approval')
  async approval(@Id('id') id: string) {
    const campaign = await this.campaigns.find(id);
    const listSha256 = campaign.state === 'in_review' ? await this.approvals.listSha256(campaign) : null;
    return { ...approvalView(await this.approvals.state(campaign)), listSha256 };
  }

  /** Before the dispatch: letters that would not leave now as they were approved, and why. */
  @Needs('console:read')
  @Get('approval/changes')
  async changes(@Id('id') id: string) {
    const changes = await this.approvals.changes(await this.campaigns.find(id));
    return { count: changes.length, changes };
  }

  @Needs('letters:send')
  @Post('approval')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: LetterCampaignView })
  async approve(@Id('id') id: string, @Body({ schema: NewApproval }) shown: NewApproval, @Actor() actor: Actor) {
    await this.approvals.approve(id, shown, actor);
    return this.view(id);
  }

  @Needs('letters:send')
  @Delete('approval')
  async sendBack(
    @Id('id') id: string,
    @Body({ schema: ReviewReturn }) { reason }: ReviewReturn,
    @Actor() actor: Actor,
  ) {
    await this.approvals.takeBack(id, reason, actor);
    return this.view(id);
  }

  @Needs('letters:send')
  @Reauthenticated()
  @Post('dispatch')
  @HttpCode(202)
  async start(@Id('id') id: string, @Actor() actor: Actor) {
    await this.dispatch.start(id, actor);
    return this.view(id);
  }

  /** Takes back what has not left and closes the campaign. */
  @Needs('letters:send')
  @Delete('dispatch')
  async cancel(@Id('id') id: string, @Actor() actor: Actor) {
    await this.dispatch.cancel(id, actor);
    return this.view(id);
  }

  @Needs('letters:send')
  @Put('pause')
  async pause(@Id('id') id: string, @Actor() actor: Actor) {
    await this.dispatch.pause(id, actor);
    return this.view(id);
  }

  @Needs('letters:send')
  @Delete('pause')
  async resume(@Id('id') id: string, @Actor() actor: Actor) {
    await this.dispatch.resume(id, actor);
    return this.view(id);
  }

  /**
   * Pauses, resumes or cancels the letters to one legislature or one lawmaker, also those still to be written. `mails` and
   * `tasks`, those that a person carries, are the letters it touched.
   */
  @Needs('letters:send')
  @Post('part-stops')
  @HttpCode(200)
  async stopPart(@Id('id') id: string, @Body({ schema: PartStop }) { verb, part }: PartStop, @Actor() actor: Actor) {
    const { mails, tasks } = await this.dispatch.stopPart(id, part, verb, actor);
    return { mails, tasks };
  }

  /** Every letter with its state and the server's reply, in pages. */
  @Needs('console:read')
  @Get('letters')
  async letters(
    @Id('id') id: string,
    @Query({ schema: LetterFilter }) filter: LetterFilter,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.campaigns.find(id);
    const { letters, next } = await this.reports.letters(id, filter);
    linkNext(reply, 'after', next);
    return { letters: letters.map(letterView), next };
  }

  @Needs('console:read')
  @Get('letters.csv')
  @ApiOkResponse({ content: { 'text/csv': {} } })
  async csv(@Id('id') id: string) {
    await this.campaigns.find(id);
    return new StreamableFile(this.reports.csv(id), {
      type: 'text/csv; charset=utf-8',
      disposition: `attachment; filename="letters-${id}.csv"`,
    });
  }

  /** The addresses of the open letters by post, in the order of the printed sheets; a column per line. */
  @Needs('console:read')
  @Get('envelopes.csv')
  @ApiOkResponse({ content: { 'text/csv': {} } })
  async envelopes(@Id('id') id: string) {
    await this.campaigns.find(id);
    return new StreamableFile(this.reports.envelopes(id), {
      type: 'text/csv; charset=utf-8',
      disposition: `attachment; filename="envelopes-${id}.csv"`,
    });
  }

  @Needs('console:read')
  @Get('report')
  async report(@Id('id') id: string) {
    await this.campaigns.find(id);
    return this.reports.report(id);
  }

  /** Notes that a person has delivered a letter by form, post or phone, or has called in vain. */
  @Needs('letters:compose')
  @Put('letters/:letterId/completion')
  @HttpCode(204)
  async complete(
    @Id('id') id: string,
    @Id('letterId') letterId: string,
    @Body({ schema: TaskCompletion }) done: TaskCompletion,
    @Actor() actor: Actor,
  ): Promise<void> {
    await this.tasks.complete(id, letterId, done, actor);
  }

  /** Takes back that a letter was delivered by hand; it waits for a person again. Audited with the reason. */
  @Needs('letters:compose')
  @Post('letters/:letterId/reopening')
  @HttpCode(204)
  async reopen(
    @Id('id') id: string,
    @Id('letterId') letterId: string,
    @Body({ schema: TaskReopening }) { reason }: TaskReopening,
    @Actor() actor: Actor,
  ): Promise<void> {
    await this.tasks.reopen(id, letterId, reason, actor);
  }

  private async view(id: string) {
    return campaignView(await this.campaigns.find(id));
  }
}
