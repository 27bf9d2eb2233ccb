import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { SignaturesModule } from '../signatures/signatures.module.js';
import { Coalitions } from './coalitions.service.js';
import { OrganisationPerson } from './organisation-person.entity.js';
import { OrganisationsApi } from './organisations.api.js';
import { OrganisationsConsole } from './organisations.console.js';

/** Several organisations on one petition. */
@Module({
  imports: [TypeOrmModule.forFeature([OrganisationPerson]), PetitionsModule, SignaturesModule],
  providers: [Coalitions],
  controllers: [OrganisationsApi, OrganisationsConsole],
  exports: [Coalitions],
})
export class CoalitionsModule {}
