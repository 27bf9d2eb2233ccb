import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Needs } from './access.js';
import { AuditService } from './audit.service.js';
import { AuditChain, AuditList, AuditQuery } from './staff.schema.js';

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
  async list(@Query({ schema: AuditQuery }) query: AuditQuery) {
    const found = await this.audit.list(query, most + 1);
    const entries = found.slice(0, most).map(({ id, at, actorName, action, subject, detail, hash }) => ({
      ...{ id, action, subject, detail },
      at: at.toISOString(),
      actor: actorName,
      hash: hash.toString('hex'),
    }));
    return { entries, next: found.length > most ? entries.at(-1)!.id : null };
  }

  /** Recomputes the whole chain of entries. */
  @Get('chain')
  @ApiOkResponse({ standardSchema: AuditChain })
  chain() {
    return this.audit.check();
  }
}
