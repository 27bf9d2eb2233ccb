import { Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { WorkBegun } from '../progress/progress.schema.js';
import { Actor, Needs } from '../staff/access.js';
import { LogChecks } from './log-checks.service.js';

@ApiTags('petitions')
@ApiBearerAuth()
@Controller('api/v1/petitions/:slug/log-checks')
export class LogChecksApi {
  constructor(private readonly checks: LogChecks) {}

  /** Recomputes the whole log, later; `Location` says how far it is. While one waits or runs, this is that one. */
  @Needs('petitions:moderate')
  @Post()
  @HttpCode(202)
  @ApiAcceptedResponse({ standardSchema: WorkBegun })
  async start(@Param('slug') slug: string, @Actor() actor: Actor, @Res({ passthrough: true }) reply: FastifyReply) {
    const id = await this.checks.start(slug, actor);
    reply.header('location', `/api/v1/progress/${id}`);
    return { id };
  }
}
