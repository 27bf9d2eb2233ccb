import { Body, Controller, Delete, HttpCode, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Actor, Needs } from '../staff/access.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { Id } from './letter-params.js';
import { LetterPostscripts } from './letter-postscripts.service.js';
import { LetterVariants } from './letter-variants.service.js';
import { campaignView } from './letter-views.js';
import { LetterCampaignView, NewVariant, VariantOrder } from './letters.schema.js';
import { Postscript } from './postscript.js';

/** Words for some lawmakers: variants by rule, postscripts by person. Any change voids an approval. */
@ApiTags('letters')
@Needs('letters:compose')
@Controller('api/v1/letter-campaigns/:id')
export class LetterWordingApi {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly variants: LetterVariants,
    private readonly postscripts: LetterPostscripts,
  ) {}

  /** Of the variants in a lawmaker's language the first whose rules all hold is taken, otherwise the text of that language. */
  @Post('variants')
  @ApiCreatedResponse({ standardSchema: LetterCampaignView })
  async add(@Id('id') id: string, @Body({ schema: NewVariant }) body: NewVariant, @Actor() actor: Actor) {
    await this.variants.add(id, body, actor);
    return this.view(id);
  }

  @Put('variant-order')
  @ApiOkResponse({ standardSchema: LetterCampaignView })
  async order(@Id('id') id: string, @Body({ schema: VariantOrder }) { ids }: VariantOrder, @Actor() actor: Actor) {
    await this.variants.order(id, ids, actor);
    return this.view(id);
  }

  @Put('variants/:variantId')
  @ApiOkResponse({ standardSchema: LetterCampaignView })
  async change(
    @Id('id') id: string,
    @Id('variantId') variantId: string,
    @Body({ schema: NewVariant }) body: NewVariant,
    @Actor() actor: Actor,
  ) {
    await this.variants.change(id, variantId, body, actor);
    return this.view(id);
  }

  @Delete('variants/:variantId')
  @HttpCode(204)
  async remove(@Id('id') id: string, @Id('variantId') variantId: string, @Actor() actor: Actor): Promise<void> {
    await this.variants.remove(id, variantId, actor);
  }

  /** Plain text below the letter of this lawmaker alone, before the footer. */
  @Put('postscripts/:lawmakerId')
  @ApiOkResponse({ standardSchema: LetterCampaignView })
  async writePostscript(
    @Id('id') id: string,
    @Id('lawmakerId') lawmakerId: string,
    @Body({ schema: Postscript }) body: Postscript,
    @Actor() actor: Actor,
  ) {
    await this.postscripts.write(id, lawmakerId, body, actor);
    return this.view(id);
  }

  @Delete('postscripts/:lawmakerId')
  @HttpCode(204)
  async removePostscript(
    @Id('id') id: string,
    @Id('lawmakerId') lawmakerId: string,
    @Actor() actor: Actor,
  ): Promise<void> {
    await this.postscripts.remove(id, lawmakerId, actor);
  }

  private async view(id: string) {
    return campaignView(await this.campaigns.find(id));
  }
}
