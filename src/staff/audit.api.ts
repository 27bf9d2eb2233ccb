import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { linkNext } from '../site/next-link.js';
import { Actor, Needs } from './access.js';
import { auditFile } from './audit-csv.js';
import { AuditService } from './audit.service.js';
import { AuditChain, AuditFilter, AuditList, AuditQuery } from './staff.schema.js';

const most = 100;

@ApiTags('staff')
@ApiBearerAuth()
@Needs('audit:read')
@Controller('api/v1/audit')
export class AuditApi {
  constructor(private readonly audit: AuditService) {}

  /** Newest first; `next` is the `before` of the following page. */
  @Get()
  @ApiOkResponse({ standardSchema: AuditList })
  async list(@Query({ schema: AuditQuery }) query: AuditQuery, @Res({ passthrough: true }) reply: FastifyReply) {
    const found = await this.audit.list(query, most + 1);
    const entries = found.slice(0, most).map(({ id, at, actorName, action, subject, detail, hash }) => ({
      ...{ id, action, subject, detail },
      at: at.toISOString(),
      actor: actorName,
      hash: hash.toString('hex'),
    }));
    const next = found.length > most ? entries.at(-1)!.id : null;
    linkNext(reply, 'before', next);
    return { entries, next };
  }

  /** All entries that fit, as CSV. That they were taken is an entry itself. */
  @Get('entries.csv')
  @ApiProduces('text/csv')
  async csv(@Query({ schema: AuditFilter }) filter: AuditFilter, @Actor() actor: Actor) {
    return auditFile(await this.audit.take(filter, actor));
  }

  /** Recomputes the whole chain of entries. */
  @Get('chain')
  @ApiOkResponse({ standardSchema: AuditChain })
  chain() {
    return this.audit.check();
  }
}
