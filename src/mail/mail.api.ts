import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { linkNext } from '../site/next-link.js';
import { Actor, Needs } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { DnsDoctor } from './dns-doctor.service.js';
import { MailDesk } from './mail-desk.service.js';
import {
  BulkDecision,
  DecidedMail,
  DecidedMails,
  DeskQuery,
  Examination,
  MailDecision,
  MailPage,
  MailSummary,
  ReleasedMails,
} from './mail.schema.js';

@ApiTags('mail')
@Controller('api/v1/mail')
export class MailApi {
  constructor(
    private readonly desk: MailDesk,
    private readonly audit: AuditService,
    private readonly doctor: DnsDoctor,
  ) {}

  /** How many mails are in which state. */
  @Needs('console:read')
  @Get()
  @ApiOkResponse({ standardSchema: MailSummary })
  summary() {
    return this.desk.summary();
  }

  /** Mails that are in doubt, held, deferred or refused, with the evidence; the latest first. */
  @Needs('console:read')
  @Get('messages')
  @ApiOkResponse({ standardSchema: MailPage })
  async messages(@Query({ schema: DeskQuery }) query: DeskQuery, @Res({ passthrough: true }) reply: FastifyReply) {
    const page = await this.desk.list(query);
    linkNext(reply, 'after', page.next);
    return page;
  }

  /** What DNS says of the domain our mail is from, what is wrong with it, and records ready to paste. */
  @Needs('mail:manage')
  @Get('doctor')
  @ApiOkResponse({ standardSchema: Examination })
  async examine() {
    return { findings: await this.doctor.examine() };
  }

  /** Releases a held mail, or decides about one in doubt. Audited. */
  @Needs('mail:manage')
  @Post('decisions')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: DecidedMail })
  async decide(@Body({ schema: MailDecision }) body: MailDecision, @Actor() actor: Actor) {
    return { state: await this.desk.decide(body, (tx, entry) => this.audit.record(tx, { actor, ...entry })) };
  }

  /** One decision about up to a hundred mails; `sure` is `on` to send again. Audited mail by mail. */
  @Needs('mail:manage')
  @Post('bulk-decisions')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: DecidedMails })
  decideMany(@Body({ schema: BulkDecision }) body: BulkDecision, @Actor() actor: Actor) {
    return this.desk.decideMany(body, (tx, entry) => this.audit.record(tx, { actor, ...entry }));
  }

  /** Releases all that MAIL_MODE=hold holds. Audited. */
  @Needs('mail:manage')
  @Post('releases')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: ReleasedMails })
  async release(@Actor() actor: Actor) {
    return { released: await this.desk.releaseAll((tx, entry) => this.audit.record(tx, { actor, ...entry })) };
  }
}
