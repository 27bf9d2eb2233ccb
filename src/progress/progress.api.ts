import { Controller, Get, HttpCode, Param, ParseUUIDPipe, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { problems } from '../site/problem.js';
import { Actor, Needs } from '../staff/access.js';
import { LongWorks } from './long-works.service.js';
import { WorkView, workView } from './progress.schema.js';

const id = new ParseUUIDPipe({ exceptionFactory: () => problems.notFound() });

@ApiTags('progress')
@ApiBearerAuth()
@Controller('api/v1/progress')
export class ProgressApi {
  constructor(private readonly works: LongWorks) {}

  /** How far a long work is; whoever may not see it finds nothing. */
  @Needs('console:read')
  @Get(':id')
  @ApiOkResponse({ standardSchema: WorkView })
  async one(@Param('id', id) workId: string, @Actor() actor: Actor) {
    return workView(await this.works.find(workId, actor.rights));
  }

  /** Says that somebody has looked at what failed: it waits for nobody any more. */
  @Needs('console:read')
  @Put(':id/seen')
  @HttpCode(204)
  async see(@Param('id', id) workId: string, @Actor() actor: Actor) {
    await this.works.see(workId, actor);
  }
}
