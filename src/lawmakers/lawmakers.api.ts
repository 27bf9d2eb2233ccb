import { uuid } from '../site/pipes.js';
import { Body, Controller, Get, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { linkNext } from '../site/next-link.js';
import { Actor, Needs } from '../staff/access.js';
import { LawmakerFilter, NewObjection, ObjectionLifting } from './lawmakers.schema.js';
import { LawmakersService } from './lawmakers.service.js';
import { LawmakerDetail, LawmakerList, LegislatureList } from './lawmakers.views.js';
import { LegislaturesService } from './legislatures.service.js';
import { ObjectionLinks } from './objection-links.service.js';
import { ObjectionsService } from './objections.service.js';

@ApiTags('lawmakers')
@ApiBearerAuth()
@Controller('api/v1')
export class LawmakersApi {
  constructor(
    private readonly lawmakers: LawmakersService,
    private readonly legislatures: LegislaturesService,
    private readonly objections: ObjectionsService,
    private readonly links: ObjectionLinks,
  ) {}

  @Get('legislatures')
  @Needs('console:read')
  @ApiOkResponse({ standardSchema: LegislatureList })
  async listLegislatures() {
    return { legislatures: await this.legislatures.list() };
  }

  /** A page of lawmakers; the Link header has the address of the next one. */
  @Get('lawmakers')
  @Needs('console:read')
  @ApiOkResponse({ standardSchema: LawmakerList })
  async list(
    @Query({ schema: LawmakerFilter }) filter: LawmakerFilter,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const page = await this.lawmakers.list(filter);
    linkNext(reply, 'after', page.next);
    return { lawmakers: page.lawmakers };
  }

  @Get('lawmakers/:id')
  @Needs('console:read')
  @ApiOkResponse({ standardSchema: LawmakerDetail })
  async one(@Param('id', uuid) id: string) {
    const lawmaker = await this.lawmakers.find(id);
    const [contactPoints, groups] = [await this.lawmakers.contactPoints(id), await this.lawmakers.groups(id)];
    return { ...lawmaker, contactPoints, groups };
  }

  /** Records that this lawmaker wants no more letters. */
  @Put('lawmakers/:id/objection')
  @Needs('lawmakers:write')
  @HttpCode(204)
  async object(
    @Param('id', uuid) id: string,
    @Body({ schema: NewObjection }) { note }: NewObjection,
    @Actor() actor: Actor,
  ) {
    await this.objections.record(id, note, actor);
  }

  /** The link by which the office objects works no longer; letters from now on carry another. Audited. */
  @Post('lawmakers/:id/link-renewal')
  @Needs('lawmakers:write')
  @HttpCode(204)
  async renewLink(@Param('id', uuid) id: string, @Actor() actor: Actor) {
    await this.links.renew(id, actor);
  }

  /** Letters may go to this lawmaker again; the reason is kept. */
  @Post('lawmakers/:id/objection/lifting')
  @Needs('lawmakers:write')
  @HttpCode(204)
  async lift(
    @Param('id', uuid) id: string,
    @Body({ schema: ObjectionLifting }) { reason }: ObjectionLifting,
    @Actor() actor: Actor,
  ) {
    await this.objections.lift(id, reason, actor);
  }
}
