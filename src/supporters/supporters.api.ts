import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { LetterCampaigns } from '../letters/letter-campaigns.service.js';
import { Id } from '../letters/letter-params.js';
import { Needs } from '../staff/access.js';
import { SupporterFigures } from './supporter-figures.service.js';
import { SupporterFigures as Figures } from './supporters.schema.js';

@ApiTags('letters')
@Controller('api/v1/letter-campaigns/:id/supporters')
export class SupportersApi {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly figures: SupporterFigures,
  ) {}

  /** How many supporters wrote, and how much of it is their own. */
  @Needs('console:read')
  @Get()
  @ApiOkResponse({ standardSchema: Figures })
  async of(@Id('id') id: string): Promise<Figures> {
    return this.figures.of(await this.campaigns.find(id));
  }
}
