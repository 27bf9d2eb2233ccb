import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CountlogModule } from '../countlog/countlog.module.js';
import { PetitionPage } from './petition-page.service.js';
import { PetitionText } from './petition-text.entity.js';
import { Petition } from './petition.entity.js';
import { PetitionsApi } from './petitions.api.js';
import { PetitionsConsole } from './petitions.console.js';
import { PetitionsPages } from './petitions.pages.js';
import { Petitions } from './petitions.service.js';
import { ProofsApi } from './proofs.api.js';
import { VerifyPages } from './verify.pages.js';

@Module({
  imports: [TypeOrmModule.forFeature([Petition, PetitionText]), CountlogModule],
  providers: [Petitions, PetitionPage],
  controllers: [PetitionsApi, PetitionsPages, PetitionsConsole, ProofsApi, VerifyPages],
  exports: [Petitions, PetitionPage],
})
export class PetitionsModule {}
