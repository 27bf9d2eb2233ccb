import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Petitions } from '../petitions/petitions.service.js';
import { defaultLocale, type Locale, locales } from '../site/languages.js';
import { LocalePipe, uuid } from '../site/pipes.js';
import { Actor, Needs, Public } from '../staff/access.js';
import { UpdateRecords as Records } from './update-records.service.js';
import { UpdateSending } from './update-sending.service.js';
import { UpdateTests } from './update-tests.service.js';
import { published } from './update-views.js';
import {
  NewUpdate,
  PublicUpdates,
  UpdateApproval,
  UpdateRecord,
  UpdateRecords,
  UpdateRejection,
  UpdateTest,
  UpdateWords,
} from './updates.schema.js';
import { Updates } from './updates.service.js';

const InLocale = z.object({ locale: z.enum(locales).default(defaultLocale) });
type InLocale = z.infer<typeof InLocale>;

/** News to signers who want it. The list of drafts is for staff; what is out is for everybody. */
@ApiTags('updates')
@Controller('api/v1/petitions/:slug')
export class UpdatesApi {
  constructor(
    private readonly updates: Updates,
    private readonly records: Records,
    private readonly sending: UpdateSending,
    private readonly tests: UpdateTests,
    private readonly petitions: Petitions,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** What is out, the latest first. */
  @Public()
  @Get('news')
  @Header('access-control-allow-origin', '*')
  @ApiOkResponse({ standardSchema: PublicUpdates })
  async news(@Param('slug') slug: string, @Query({ schema: InLocale }) { locale }: InLocale): Promise<PublicUpdates> {
    const petition = await this.petitions.find(slug);
    const updates = await this.updates.published(slug);
    return {
      petition: slug,
      updates: updates.map((update) => {
        const { path, ...shown } = published(petition, update, locale);
        return { ...shown, url: `${this.settings.PUBLIC_URL}${path}` };
      }),
    };
  }

  @Needs('console:read')
  @Get('updates')
  @ApiOkResponse({ standardSchema: UpdateRecords })
  async list(@Param('slug') slug: string) {
    return { updates: await this.records.list(slug) };
  }

  @Needs('petitions:write')
  @Post('updates')
  @ApiCreatedResponse({ standardSchema: UpdateRecord })
  async create(@Param('slug') slug: string, @Body({ schema: NewUpdate }) body: NewUpdate, @Actor() actor: Actor) {
    return this.records.one(slug, await this.updates.create(slug, body, actor));
  }

  @Needs('console:read')
  @Get('updates/:id')
  @ApiOkResponse({ standardSchema: UpdateRecord })
  one(@Param('slug') slug: string, @Param('id', uuid) id: string) {
    return this.records.one(slug, id);
  }

  /** Replaces the words in one language; what was in review is a draft again. */
  @Needs('petitions:write')
  @Put('updates/:id/texts/:locale')
  @ApiParam({ name: 'locale', enum: locales })
  @ApiOkResponse({ standardSchema: UpdateRecord })
  async write(
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Param('locale', LocalePipe) locale: Locale,
    @Body({ schema: UpdateWords }) words: UpdateWords,
    @Actor() actor: Actor,
  ) {
    await this.updates.write(slug, id, locale, words, actor);
    return this.records.one(slug, id);
  }

  @Needs('petitions:write')
  @Post('updates/:id/review')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: UpdateRecord })
  async submit(@Param('slug') slug: string, @Param('id', uuid) id: string, @Actor() actor: Actor) {
    await this.updates.submit(slug, id, actor);
    return this.records.one(slug, id);
  }

  @Needs('petitions:moderate')
  @Post('updates/:id/rejection')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: UpdateRecord })
  async reject(
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body({ schema: UpdateRejection }) { reason }: UpdateRejection,
    @Actor() actor: Actor,
  ) {
    await this.updates.reject(slug, id, reason, actor);
    return this.records.one(slug, id);
  }

  /** Publishes it and sends it; by somebody who did not write or submit it. */
  @Needs('petitions:moderate')
  @Post('updates/:id/approval')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: UpdateRecord })
  async approve(
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body({ schema: UpdateApproval }) { sha256 }: UpdateApproval,
    @Actor() actor: Actor,
  ) {
    await this.updates.approve(slug, id, sha256, actor);
    return this.records.one(slug, id);
  }

  /** Takes back what has not left. */
  @Needs('petitions:moderate')
  @Post('updates/:id/stop')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: UpdateRecord })
  async stop(@Param('slug') slug: string, @Param('id', uuid) id: string, @Actor() actor: Actor) {
    await this.sending.stop(slug, id, actor);
    return this.records.one(slug, id);
  }

  /** To the address of whoever asks, marked as a test. */
  @Needs('petitions:write')
  @Post('updates/:id/test')
  @HttpCode(202)
  async test(
    @Param('slug') slug: string,
    @Param('id', uuid) id: string,
    @Body({ schema: UpdateTest }) { locale }: UpdateTest,
    @Actor() actor: Actor,
  ) {
    return { sentTo: await this.tests.send(slug, id, locale, actor) };
  }
}
