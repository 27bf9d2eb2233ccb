import { Body, Controller, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Actor, Needs } from '../staff/access.js';
import { LegislatureOfficeHours } from './office-hours.service.js';
import { OfficeHours } from './pace.schema.js';

const LegislatureHoursView = z.object({
  slug: z.string(),
  name: z.string(),
  officeHours: OfficeHours.nullable().describe('null: letters keep the hours of their campaign'),
});

@ApiTags('letters')
@Controller('api/v1/legislatures/:slug/office-hours')
export class OfficeHoursApi {
  constructor(private readonly hours: LegislatureOfficeHours) {}

  @Needs('console:read')
  @Get()
  @ApiOkResponse({ standardSchema: LegislatureHoursView })
  one(@Param('slug') slug: string) {
    return this.hours.find(slug);
  }

  /** Approvals of letters that go there are void with it. */
  @Needs('lawmakers:write')
  @Put()
  @HttpCode(204)
  async set(@Param('slug') slug: string, @Body({ schema: OfficeHours }) hours: OfficeHours, @Actor() actor: Actor) {
    await this.hours.set(slug, hours, actor);
  }

  @Needs('lawmakers:write')
  @Delete()
  @HttpCode(204)
  async remove(@Param('slug') slug: string, @Actor() actor: Actor) {
    await this.hours.set(slug, null, actor);
  }
}
