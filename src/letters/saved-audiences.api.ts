import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Actor, Needs } from '../staff/access.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { Id } from './letter-params.js';
import { campaignView } from './letter-views.js';
import { LetterCampaignView } from './letters.schema.js';
import { FollowedAudience, NewSavedAudience, SavedAudienceChange, SavedAudienceView } from './saved-audience.schema.js';
import { type ListedAudience, SavedAudiences } from './saved-audiences.service.js';

/** Rules under a name, for more than one letter. */
@ApiTags('letters')
@Controller('api/v1')
export class SavedAudiencesApi {
  constructor(
    private readonly audiences: SavedAudiences,
    private readonly campaigns: LetterCampaigns,
  ) {}

  @Needs('console:read')
  @Get('audiences')
  async list() {
    return { audiences: (await this.audiences.list()).map(view) };
  }

  @Needs('letters:compose')
  @Post('audiences')
  @ApiCreatedResponse({ standardSchema: SavedAudienceView })
  async create(@Body({ schema: NewSavedAudience }) body: NewSavedAudience, @Actor() actor: Actor) {
    return view(await this.audiences.find(await this.audiences.create(body, actor)));
  }

  @Needs('console:read')
  @Get('audiences/:audienceId')
  @ApiOkResponse({ standardSchema: SavedAudienceView })
  async one(@Id('audienceId') id: string) {
    return view(await this.audiences.find(id));
  }

  /** Changed rules void the approval of every letter that follows; letters on their way keep what was approved. */
  @Needs('letters:compose')
  @Patch('audiences/:audienceId')
  @ApiOkResponse({ standardSchema: SavedAudienceView })
  async change(
    @Id('audienceId') id: string,
    @Body({ schema: SavedAudienceChange }) body: SavedAudienceChange,
    @Actor() actor: Actor,
  ) {
    await this.audiences.change(id, body, actor);
    return view(await this.audiences.find(id));
  }

  /** Letters that followed it keep its rules as their own. */
  @Needs('letters:compose')
  @Delete('audiences/:audienceId')
  @HttpCode(204)
  async remove(@Id('audienceId') id: string, @Actor() actor: Actor): Promise<void> {
    await this.audiences.remove(id, actor);
  }

  /** The letter takes the rules of this audience, now and whenever they change, until it is sent or gets rules of its own. */
  @Needs('letters:compose')
  @Put('letter-campaigns/:id/saved-audience')
  @ApiOkResponse({ standardSchema: LetterCampaignView })
  async follow(
    @Id('id') id: string,
    @Body({ schema: FollowedAudience }) { audienceId }: FollowedAudience,
    @Actor() actor: Actor,
  ) {
    await this.audiences.follow(id, audienceId, actor);
    return campaignView(await this.campaigns.find(id));
  }
}

const view = ({ id, name, version, rules, editedAt, letters }: ListedAudience): SavedAudienceView => ({
  ...{ id, name, version, rules, letters },
  editedAt: editedAt.toISOString(),
});
