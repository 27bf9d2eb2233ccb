import { Module } from '@nestjs/common';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CountryBreakdown } from './country-breakdown.entity.js';
import { CountryBreakdowns } from './country-breakdowns.service.js';
import { CountsExport } from './counts-export.service.js';
import { ExportsApi } from './exports.api.js';
import { ExportsConsole } from './exports.console.js';
import { PersonsExports } from './persons-export.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([CountryBreakdown]), PetitionsModule],
  providers: [CountryBreakdowns, CountsExport, PersonsExports],
  controllers: [ExportsApi, ExportsConsole],
})
export class ExportsModule {}
