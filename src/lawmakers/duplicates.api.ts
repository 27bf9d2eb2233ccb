import { uuid } from '../site/pipes.js';
import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Actor, Needs } from '../staff/access.js';
import { Duplicates } from './duplicates.service.js';
import { NewPersonDecision } from './lawmakers.schema.js';
import { DuplicateList, PersonDecisionId, PersonDecisionList } from './lawmakers.views.js';
import { PersonDecisions } from './person-decisions.service.js';

@ApiTags('lawmakers')
@ApiBearerAuth()
@Controller('api/v1')
export class DuplicatesApi {
  constructor(
    private readonly duplicates: Duplicates,
    private readonly decisions: PersonDecisions,
  ) {}

  /** Records that may be one person, and why; decided pairs are left out. */
  @Get('lawmaker-duplicates')
  @Needs('console:read')
  @ApiOkResponse({ standardSchema: DuplicateList })
  list() {
    return this.duplicates.list();
  }

  @Get('lawmaker-decisions')
  @Needs('console:read')
  @ApiOkResponse({ standardSchema: PersonDecisionList })
  async decided() {
    return { decisions: await this.decisions.list() };
  }

  /** Decides that two records are one person, or that they are two people. */
  @Post('lawmaker-decisions')
  @Needs('lawmakers:write')
  @ApiCreatedResponse({ standardSchema: PersonDecisionId })
  async decide(@Body({ schema: NewPersonDecision }) decision: NewPersonDecision, @Actor() actor: Actor) {
    return { id: await this.decisions.decide(decision, actor) };
  }

  @Delete('lawmaker-decisions/:id')
  @Needs('lawmakers:write')
  @HttpCode(204)
  async undo(@Param('id', uuid) id: string, @Actor() actor: Actor) {
    await this.decisions.undo(id, actor);
  }
}
