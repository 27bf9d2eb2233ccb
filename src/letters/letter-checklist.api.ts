import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Needs } from '../staff/access.js';
import { CheckList, LetterChecklist } from './letter-checklist.service.js';
import { Id } from './letter-params.js';

@ApiTags('letters')
@Controller('api/v1/letter-campaigns/:id/checklist')
export class LetterChecklistApi {
  constructor(private readonly checklist: LetterChecklist) {}

  /** What is missing before the letters can go live. */
  @Needs('console:read')
  @Get()
  @ApiOkResponse({ standardSchema: CheckList })
  of(@Id('id') id: string) {
    return this.checklist.of(id);
  }
}
