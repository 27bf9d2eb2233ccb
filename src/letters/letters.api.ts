import { Body, Controller, Delete, Get, Header, HttpCode, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { linkNext } from '../site/next-link.js';
import { Actor, Needs } from '../staff/access.js';
import { dryRunPage } from './dry-run.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { Id, LetterLocalePipe } from './letter-params.js';
import { isEditable } from './campaign-states.js';
import { LetterPaces } from './letter-paces.service.js';
import { withFewMailboxes } from './letter-plan-lines.js';
import { LetterPlans } from './letter-plans.service.js';
import { LetterPreviews } from './letter-previews.service.js';
import { LetterTests } from './letter-tests.service.js';
import { audienceCounts, campaignView } from './letter-views.js';
import {
  DryRunQuery,
  LetterCampaignChange,
  LetterCampaignView,
  LetterWords,
  NewLetterCampaign,
  NewTest,
} from './letters.schema.js';

/** Composing: what is written, to whom, and what each lawmaker would get. */
@ApiTags('letters')
@Controller('api/v1/letter-campaigns')
export class LettersApi {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
    private readonly paces: LetterPaces,
    private readonly previews: LetterPreviews,
    private readonly tests: LetterTests,
  ) {}

  @Needs('console:read')
  @Get()
  async list() {
    return { letterCampaigns: (await this.campaigns.list()).map(campaignView) };
  }

  @Needs('letters:compose')
  @Post()
  @ApiCreatedResponse({ standardSchema: LetterCampaignView })
  async create(@Body({ schema: NewLetterCampaign }) body: NewLetterCampaign, @Actor() actor: Actor) {
    return campaignView(await this.campaigns.find(await this.campaigns.create(body, actor)));
  }

  @Needs('console:read')
  @Get(':id')
  @ApiOkResponse({ standardSchema: LetterCampaignView })
  async one(@Id('id') id: string) {
    return campaignView(await this.campaigns.find(id));
  }

  /** Any change voids an approval. */
  @Needs('letters:compose')
  @Patch(':id')
  @ApiOkResponse({ standardSchema: LetterCampaignView })
  async change(
    @Id('id') id: string,
    @Body({ schema: LetterCampaignChange }) body: LetterCampaignChange,
    @Actor() actor: Actor,
  ) {
    await this.campaigns.change(id, body, actor);
    return campaignView(await this.campaigns.find(id));
  }

  @Needs('letters:compose')
  @Put(':id/texts/:language')
  @ApiOkResponse({ standardSchema: LetterCampaignView })
  async writeText(
    @Id('id') id: string,
    @Param('language', LetterLocalePipe) language: string,
    @Body({ schema: LetterWords }) body: LetterWords,
    @Actor() actor: Actor,
  ) {
    await this.campaigns.writeText(id, language, body, actor);
    return campaignView(await this.campaigns.find(id));
  }

  @Needs('letters:compose')
  @Delete(':id/texts/:language')
  @HttpCode(204)
  async removeText(
    @Id('id') id: string,
    @Param('language', LetterLocalePipe) language: string,
    @Actor() actor: Actor,
  ): Promise<void> {
    await this.campaigns.removeText(id, language, actor);
  }

  /**
   * The dry run: every lawmaker with channel, language and contact point, or with the reason why she gets nothing; 500 at a time.
   */
  @Needs('console:read')
  @Get(':id/audience')
  async audience(
    @Id('id') id: string,
    @Query({ schema: DryRunQuery }) query: DryRunQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const campaign = await this.campaigns.find(id);
    const plan = await this.plans.plan(campaign);
    const page = dryRunPage(plan, query, 500);
    linkNext(reply, 'after', page.next);
    return { counts: audienceCounts(plan, campaign), ...page };
  }

  /**
   * Letters per day and mailbox, the last day, what the deadline would leave over, and which limit binds. Where too many
   * wait to foresee each, `estimate` has the last day and what would be left over, from their number and the limits.
   */
  @Needs('console:read')
  @Get(':id/pace')
  async pace(@Id('id') id: string) {
    const campaign = await this.campaigns.find(id);
    if (isEditable(campaign.state)) {
      return { plan: withFewMailboxes(await this.paces.preview(campaign, await this.plans.plan(campaign))) };
    }
    const state = await this.paces.state(campaign);
    return { ...state, plan: state.plan && withFewMailboxes(state.plan) };
  }

  @Needs('console:read')
  @Get(':id/previews/:lawmakerId')
  preview(@Id('id') id: string, @Id('lawmakerId') lawmakerId: string, @Actor() actor: Actor) {
    return this.previews.show(id, lawmakerId, actor);
  }

  /** The bytes themselves, as they would be handed to the mail server. */
  @Needs('console:read')
  @Get(':id/previews/:lawmakerId/letter.eml')
  @Header('content-type', 'message/rfc822')
  raw(@Id('id') id: string, @Id('lawmakerId') lawmakerId: string, @Actor() actor: Actor) {
    return this.previews.raw(id, lawmakerId, actor);
  }

  /** A test to the signed-in person, never to a lawmaker. */
  @Needs('letters:compose')
  @Post(':id/tests')
  @HttpCode(202)
  async test(@Id('id') id: string, @Body({ schema: NewTest }) { lawmakerId }: NewTest, @Actor() actor: Actor) {
    return { to: await this.tests.send(id, lawmakerId, actor) };
  }
}
