import { Body, Controller, Delete, Get, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Actor, Needs } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { LimitKey, LimitList, LimitOrder } from './mail-limits.schema.js';
import { MailLimits } from './mail-limits.service.js';

@ApiTags('mail')
@Controller('api/v1/mail/limits')
export class MailLimitsApi {
  constructor(
    private readonly limits: MailLimits,
    private readonly audit: AuditService,
  ) {}

  /** Limits of the mail server, of senders, domains and mailboxes, and those of a whole scope. */
  @Needs('mail:manage')
  @Get()
  @ApiOkResponse({ standardSchema: LimitList })
  async list() {
    return { limits: await this.limits.list() };
  }

  /** Sets a limit, new or again; it holds from the next claim on. Audited. */
  @Needs('mail:manage')
  @Put()
  @ApiOkResponse({ standardSchema: LimitList })
  async set(@Body({ schema: LimitOrder }) order: LimitOrder, @Actor() actor: Actor) {
    await this.limits.set(order, (tx, entry) => this.audit.record(tx, { actor, ...entry }));
    return this.list();
  }

  /** Removes the limit of one mail server, sender, domain or mailbox: that of its scope holds again. Audited. */
  @Needs('mail:manage')
  @Delete()
  @ApiOkResponse({ standardSchema: LimitList })
  async remove(@Query({ schema: LimitKey }) limit: LimitKey, @Actor() actor: Actor) {
    await this.limits.remove(limit, (tx, entry) => this.audit.record(tx, { actor, ...entry }));
    return this.list();
  }
}
