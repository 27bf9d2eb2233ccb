import { Body, Controller, Get, HttpCode, Param, ParseUUIDPipe, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Petitions } from '../petitions/petitions.service.js';
import { Funnel } from '../signatures/funnel.service.js';
import { linkNext } from '../site/next-link.js';
import { Actor, Needs } from '../staff/access.js';
import { Flags } from './flags.service.js';
import { Invalidations } from './invalidations.service.js';
import {
  Decided,
  FlagDecision,
  FlagList,
  FlagsQuery,
  FunnelView,
  InvalidationList,
  InvalidationPreview,
  InvalidationRule,
  InvalidationsQuery,
  NewInvalidation,
} from './moderation.schema.js';

@ApiTags('moderation')
@Controller('api/v1/petitions/:slug')
export class ModerationApi {
  constructor(
    private readonly flags: Flags,
    private readonly invalidations: Invalidations,
    private readonly petitions: Petitions,
    private readonly funnel: Funnel,
  ) {}

  /** How many asked, were mailed and confirmed, per day; the newest first. */
  @Needs('console:read')
  @Get('funnel')
  @ApiOkResponse({ standardSchema: FunnelView })
  async days(@Param('slug') slug: string) {
    return { days: await this.funnel.days((await this.petitions.find(slug)).id) };
  }

  /** Signatures that wait for a person before they are logged, by mail domain. */
  @Needs('signatures:moderate')
  @Get('flags')
  @ApiOkResponse({ standardSchema: FlagList })
  async waiting(
    @Param('slug') slug: string,
    @Query({ schema: FlagsQuery }) { after }: FlagsQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const page = await this.flags.list(slug, after);
    linkNext(reply, 'after', page.next);
    return page;
  }

  /** Lets them be counted, or takes them out. Audited; the latter can be undone. */
  @Needs('signatures:moderate')
  @Post('flags/decisions')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: Decided })
  async decide(@Param('slug') slug: string, @Body({ schema: FlagDecision }) body: FlagDecision, @Actor() actor: Actor) {
    return { signatures: await this.flags.decide(slug, body, actor) };
  }

  /** What a rule would take out of the count. Changes nothing. */
  @Needs('signatures:moderate')
  @Post('invalidations/preview')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: InvalidationPreview })
  preview(@Param('slug') slug: string, @Body({ schema: InvalidationRule }) rule: InvalidationRule) {
    return this.invalidations.preview(slug, rule);
  }

  /** Takes the signatures that fit the rule out of the count. Audited, and can be undone. */
  @Needs('signatures:moderate')
  @Post('invalidations')
  @ApiCreatedResponse({ standardSchema: Decided })
  async apply(
    @Param('slug') slug: string,
    @Body({ schema: NewInvalidation }) body: NewInvalidation,
    @Actor() actor: Actor,
  ) {
    return { signatures: await this.invalidations.apply(slug, body, actor) };
  }

  @Needs('signatures:moderate')
  @Get('invalidations')
  @ApiOkResponse({ standardSchema: InvalidationList })
  async list(
    @Param('slug') slug: string,
    @Query({ schema: InvalidationsQuery }) { before }: InvalidationsQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const page = await this.invalidations.list(slug, before);
    linkNext(reply, 'before', page.next);
    return page;
  }

  /** Counts them again. Audited. */
  @Needs('signatures:moderate')
  @Post('invalidations/:id/undoing')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: InvalidationList })
  async undo(@Param('slug') slug: string, @Param('id', ParseUUIDPipe) id: string, @Actor() actor: Actor) {
    await this.invalidations.undo(slug, id, actor);
    return this.invalidations.list(slug);
  }
}
