import { Body, Controller, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { uuid } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import {
  NewPaperBatch,
  NewPaperCount,
  PaperBatchRecord,
  PaperCorrection,
  PaperCounted,
  PaperRecord,
  PaperReturn,
} from './paper.schema.js';
import { Paper } from './paper.service.js';

/** Signatures on paper: numbers only, counted by two people. */
@ApiTags('paper')
@Controller('api/v1')
export class PaperApi {
  constructor(private readonly paper: Paper) {}

  @Needs('console:read')
  @Get('petitions/:slug/paper')
  @ApiOkResponse({ standardSchema: PaperRecord })
  record(@Param('slug') slug: string, @Actor() actor: Actor) {
    return this.paper.record(slug, actor);
  }

  /** Where sheets go, as it is printed on them. */
  @Needs('petitions:write')
  @Put('petitions/:slug/paper/return-address')
  @ApiOkResponse({ standardSchema: PaperRecord })
  async setReturn(
    @Param('slug') slug: string,
    @Body({ schema: PaperReturn }) { address }: PaperReturn,
    @Actor() actor: Actor,
  ) {
    await this.paper.setReturn(slug, address, actor);
    return this.paper.record(slug, actor);
  }

  /** Enters sheets and what one person counted on them. */
  @Needs('paper:count')
  @Post('petitions/:slug/paper/batches')
  @ApiCreatedResponse({ standardSchema: PaperBatchRecord })
  async enter(
    @Param('slug') slug: string,
    @Body({ schema: NewPaperBatch }) body: NewPaperBatch,
    @Actor() actor: Actor,
  ) {
    return this.paper.one(slug, await this.paper.enter(slug, body, actor), actor);
  }

  /** What another person counted, sheet by sheet in the order of the batch. */
  @Needs('paper:count')
  @Post('petitions/:slug/paper/batches/:id/counts')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: PaperCounted })
  count(
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body({ schema: NewPaperCount }) { lines }: NewPaperCount,
    @Actor() actor: Actor,
  ) {
    return this.paper.count(slug, id, lines, actor);
  }

  /** Another row for the same sheets; it stands instead of the first once two people have counted it alike. */
  @Needs('paper:count')
  @Post('petitions/:slug/paper/batches/:id/correction')
  @ApiCreatedResponse({ standardSchema: PaperBatchRecord })
  async correct(
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body({ schema: PaperCorrection }) body: PaperCorrection,
    @Actor() actor: Actor,
  ) {
    return this.paper.one(slug, await this.paper.correct(slug, id, body, actor), actor);
  }
}
