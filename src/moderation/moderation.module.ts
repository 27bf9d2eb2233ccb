import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { SignaturesModule } from '../signatures/signatures.module.js';
import { Flags } from './flags.service.js';
import { Invalidated, Invalidation } from './invalidation.entity.js';
import { Invalidations } from './invalidations.service.js';
import { ModerationApi } from './moderation.api.js';
import { ModerationConsole } from './moderation.console.js';

@Module({
  imports: [TypeOrmModule.forFeature([Invalidated, Invalidation]), PetitionsModule, SignaturesModule],
  providers: [Flags, Invalidations],
  controllers: [ModerationApi, ModerationConsole],
  exports: [Flags],
})
export class ModerationModule {}
