import { Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { FastifyInstance } from 'fastify';
import { CountlogModule } from '../countlog/countlog.module.js';
import { LogChecksApi } from './log-checks.api.js';
import { LogChecksConsole } from './log-checks.console.js';
import { LogChecks } from './log-checks.service.js';
import { Organisation } from './organisation.entity.js';
import { PetitionConsoleFrame } from './petition-console-frame.js';
import { PetitionConsolePages } from './petition-console-pages.service.js';
import { PetitionHistoryPages } from './petition-history.pages.js';
import { PetitionLog } from './petition-log.service.js';
import { PetitionNotes } from './petition-notes.service.js';
import { PetitionMoves } from './petition-moves.service.js';
import { PetitionExtras } from './petition-extras.js';
import { PetitionPage } from './petition-page.service.js';
import { PetitionPicture } from './petition-picture.entity.js';
import { PetitionPicturesApi } from './petition-pictures.api.js';
import { PetitionPicturesConsole } from './petition-pictures.console.js';
import { PetitionPicturesPages } from './petition-pictures.pages.js';
import { PetitionPictures } from './petition-pictures.service.js';
import { PetitionSettings } from './petition-settings.service.js';
import { PetitionText } from './petition-text.entity.js';
import { makeRoomForTexts } from './text-size.js';
import { PetitionTextPages } from './petition-text-pages.service.js';
import { PetitionTexts } from './petition-texts.service.js';
import { Petition } from './petition.entity.js';
import { PetitionsApi } from './petitions.api.js';
import { PetitionsConsole } from './petitions.console.js';
import { PetitionsPages } from './petitions.pages.js';
import { PetitionsTextsConsole } from './petitions-texts.console.js';
import { PetitionsReviewConsole } from './petitions-review.console.js';
import { PetitionsStaffApi } from './petitions-staff.api.js';
import { PetitionsWritingConsole } from './petitions-writing.console.js';
import { Petitions } from './petitions.service.js';
import { ProofsApi } from './proofs.api.js';
import { VerifyPages } from './verify.pages.js';

@Module({
  imports: [TypeOrmModule.forFeature([Organisation, Petition, PetitionPicture, PetitionText]), CountlogModule],
  providers: [
    LogChecks,
    PetitionExtras,
    Petitions,
    PetitionConsoleFrame,
    PetitionConsolePages,
    PetitionLog,
    PetitionMoves,
    PetitionNotes,
    PetitionPage,
    PetitionPictures,
    PetitionSettings,
    PetitionTextPages,
    PetitionTexts,
  ],
  controllers: [
    PetitionsApi,
    PetitionsStaffApi,
    PetitionsPages,
    PetitionHistoryPages,
    PetitionsConsole,
    PetitionsWritingConsole,
    PetitionsReviewConsole,
    PetitionPicturesApi,
    PetitionPicturesConsole,
    PetitionPicturesPages,
    LogChecksApi,
    LogChecksConsole,
    PetitionsTextsConsole,
    ProofsApi,
    VerifyPages,
  ],
  exports: [Petitions, PetitionExtras, PetitionNotes, PetitionPage, PetitionTexts],
})
export class PetitionsModule {
  /** Hooks must be there before Nest adds its routes, which is later than this and earlier than `onModuleInit`. */
  constructor({ httpAdapter }: HttpAdapterHost) {
    makeRoomForTexts(httpAdapter.getInstance<FastifyInstance>());
  }
}
