import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { type Locale, locales } from '../site/languages.js';
import { LocalePipe } from '../site/pipes.js';
import { Actor, Needs } from '../staff/access.js';
import { PetitionMoves } from './petition-moves.service.js';
import { PetitionSettings } from './petition-settings.service.js';
import { PetitionTexts } from './petition-texts.service.js';
import { petitionRecord } from './petition-views.js';
import {
  FactCheck,
  NewPetition,
  PetitionOpening,
  PetitionRecord,
  PetitionRejection,
  PetitionSettingsChange,
  PetitionTextChange,
  PetitionTextRemoval,
  TranslationCheck,
} from './petitions.schema.js';
import { Petitions } from './petitions.service.js';

/** Writing, reviewing and ending petitions. Every verb is a resource of the petition. */
@ApiTags('petitions')
@Controller('api/v1/petitions')
export class PetitionsStaffApi {
  constructor(
    private readonly petitions: Petitions,
    private readonly texts: PetitionTexts,
    private readonly settings: PetitionSettings,
    private readonly moves: PetitionMoves,
  ) {}

  /** A draft; nobody but staff sees it. */
  @Needs('petitions:write')
  @Post()
  @ApiCreatedResponse({ standardSchema: PetitionRecord })
  async create(@Body({ schema: NewPetition }) petition: NewPetition, @Actor() actor: Actor) {
    await this.petitions.createNew(petition, actor);
    return this.view(petition.slug);
  }

  /** Also what the public does not see yet. */
  @Needs('console:read')
  @Get(':slug/record')
  @ApiOkResponse({ standardSchema: PetitionRecord })
  record(@Param('slug') slug: string) {
    return this.view(slug);
  }

  @Needs('petitions:write')
  @Patch(':slug')
  @ApiOkResponse({ standardSchema: PetitionRecord })
  async change(
    @Param('slug') slug: string,
    @Body({ schema: PetitionSettingsChange }) change: PetitionSettingsChange,
    @Actor() actor: Actor,
  ) {
    await this.settings.change(slug, change, actor);
    return this.view(slug);
  }

  /** Replaces the words of a draft; once the petition has been open, adds a version, with a public note in the log. */
  @Needs('petitions:write')
  @Put(':slug/texts/:locale')
  @ApiParam({ name: 'locale', enum: locales })
  @ApiOkResponse({ standardSchema: PetitionRecord })
  async write(
    @Param('slug') slug: string,
    @Param('locale', LocalePipe) locale: Locale,
    @Body({ schema: PetitionTextChange }) change: PetitionTextChange,
    @Actor() actor: Actor,
  ) {
    await this.texts.write(slug, locale, change, actor);
    return this.view(slug);
  }

  /** Takes a language out of a draft; not the original, and nothing that people may have signed. */
  @Needs('petitions:write')
  @Delete(':slug/texts/:locale')
  @ApiParam({ name: 'locale', enum: locales })
  @ApiOkResponse({ standardSchema: PetitionRecord })
  async remove(
    @Param('slug') slug: string,
    @Query({ schema: PetitionTextRemoval }) { previousSha256 }: PetitionTextRemoval,
    @Param('locale', LocalePipe) locale: Locale,
    @Actor() actor: Actor,
  ) {
    await this.texts.remove(slug, locale, previousSha256, actor);
    return this.view(slug);
  }

  /** Notes that a translation, as it stands, says what the original says now. Audited. */
  @Needs('petitions:write')
  @Post(':slug/texts/:locale/comparison')
  @HttpCode(200)
  @ApiParam({ name: 'locale', enum: locales })
  @ApiOkResponse({ standardSchema: PetitionRecord })
  async compare(
    @Param('slug') slug: string,
    @Param('locale', LocalePipe) locale: Locale,
    @Body({ schema: TranslationCheck }) { originalSha256 }: TranslationCheck,
    @Actor() actor: Actor,
  ) {
    await this.texts.confirmTranslation(slug, locale, originalSha256, actor);
    return this.view(slug);
  }

  /** Notes that the facts of these words were checked today. Audited. */
  @Needs('petitions:write')
  @Post(':slug/fact-check')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: PetitionRecord })
  async checkFacts(
    @Param('slug') slug: string,
    @Body({ schema: FactCheck }) { textsSha256 }: FactCheck,
    @Actor() actor: Actor,
  ) {
    await this.settings.checkFacts(slug, textsSha256, actor);
    return this.view(slug);
  }

  @Needs('petitions:write')
  @Post(':slug/review')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: PetitionRecord })
  async submit(@Param('slug') slug: string, @Actor() actor: Actor) {
    await this.moves.submit(slug, actor);
    return this.view(slug);
  }

  /** Back to draft, with a reason for the author. */
  @Needs('petitions:moderate')
  @Post(':slug/rejection')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: PetitionRecord })
  async reject(
    @Param('slug') slug: string,
    @Body({ schema: PetitionRejection }) { reason }: PetitionRejection,
    @Actor() actor: Actor,
  ) {
    await this.moves.reject(slug, reason, actor);
    return this.view(slug);
  }

  /** Of what is in review: by somebody who wrote none of it, with all standards. Audited. */
  @Needs('petitions:moderate')
  @Post(':slug/opening')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: PetitionRecord })
  async open(
    @Param('slug') slug: string,
    @Body({ schema: PetitionOpening }) seen: PetitionOpening,
    @Actor() actor: Actor,
  ) {
    await this.moves.open(slug, seen, actor);
    return this.view(slug);
  }

  @Needs('petitions:moderate')
  @Post(':slug/closing')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: PetitionRecord })
  async close(@Param('slug') slug: string, @Actor() actor: Actor) {
    await this.moves.close(slug, actor);
    return this.view(slug);
  }

  /** The end: the count is sealed by the last entry of its log, and nothing changes any more. */
  @Needs('petitions:moderate')
  @Post(':slug/archiving')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: PetitionRecord })
  async archive(@Param('slug') slug: string, @Actor() actor: Actor) {
    await this.moves.archive(slug, actor);
    return this.view(slug);
  }

  private async view(slug: string) {
    return petitionRecord(await this.petitions.findForStaff(slug));
  }
}
