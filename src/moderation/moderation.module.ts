import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { SignaturesModule } from '../signatures/signatures.module.js';
import { Flags } from './flags.service.js';
import { Invalidated, Invalidation } from './invalidation.entity.js';
import { Invalidations } from './invalidations.service.js';
import { ModerationApi } from './moderation.api.js';
import { ModerationConsole } from './moderation.console.js';
import { SignatureSearchApi } from './signature-search.api.js';
import { SignatureSearches } from './signature-search.service.js';
import { SignaturesConsole } from './signatures.console.js';

@Module({
  imports: [TypeOrmModule.forFeature([Invalidated, Invalidation]), PetitionsModule, SignaturesModule],
  providers: [Flags, Invalidations, SignatureSearches],
  controllers: [ModerationApi, ModerationConsole, SignatureSearchApi, SignaturesConsole],
  exports: [Flags],
})
export class ModerationModule {}
