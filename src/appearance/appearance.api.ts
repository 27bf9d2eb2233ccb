import { Body, Controller, Delete, Get, HttpCode, Put, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { readUpload } from '../site/upload.js';
import { Actor, Needs } from '../staff/access.js';
import { Appearance, AppearanceView } from './appearance.schema.js';
import { Appearances, logoLimits } from './appearance.service.js';

@ApiTags('appearance')
@Needs('appearance:write')
@Controller('api/v1/appearance')
export class AppearanceApi {
  constructor(private readonly appearances: Appearances) {}

  /** Name, colour, logo and imprint of the site. */
  @Get()
  @ApiOkResponse({ standardSchema: AppearanceView })
  see() {
    return this.appearances.view();
  }

  /** Name, colour and imprint, all of them; it holds within seconds. Audited. */
  @Put()
  @ApiOkResponse({ standardSchema: AppearanceView })
  async change(@Body({ schema: Appearance }) appearance: Appearance, @Actor() actor: Actor) {
    await this.appearances.change(appearance, actor);
    return this.appearances.view();
  }

  /** A PNG of up to 200 KB, told by its content: as the first file of a form, or as the body. */
  @Put('logo')
  @ApiConsumes('multipart/form-data', 'application/octet-stream')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @ApiOkResponse({ standardSchema: AppearanceView })
  async changeLogo(@Req() request: FastifyRequest, @Actor() actor: Actor) {
    const { sources } = await readUpload(request, logoLimits.bytes);
    await this.appearances.changeLogo(sources[0]?.bytes ?? new Uint8Array(), actor);
    return this.appearances.view();
  }

  @Delete('logo')
  @HttpCode(204)
  async removeLogo(@Actor() actor: Actor) {
    await this.appearances.removeLogo(actor);
  }
}
