import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CoalitionsModule } from '../coalitions/coalitions.module.js';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { PaperModule } from '../paper/paper.module.js';
import { CountlogModule } from '../countlog/countlog.module.js';
import { CountSnapshots } from './count-snapshots.service.js';
import { CountryBreakdown } from './country-breakdown.entity.js';
import { CountryBreakdowns } from './country-breakdowns.service.js';
import { CountsExport } from './counts-export.service.js';
import { ExportHistory } from './export-history.service.js';
import { ExportsApi } from './exports.api.js';
import { ExportsConsole } from './exports.console.js';
import { HandIns } from './hand-in.service.js';
import { HandInCover } from './hand-in-cover.js';
import { PaperExport } from './paper-export.service.js';
import { PersonsExports } from './persons-export.service.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([CountryBreakdown]),
    CoalitionsModule,
    PaperModule,
    PetitionsModule,
    CountlogModule,
  ],
  providers: [
    CountryBreakdowns,
    CountSnapshots,
    CountsExport,
    ExportHistory,
    HandInCover,
    HandIns,
    PaperExport,
    PersonsExports,
  ],
  controllers: [ExportsApi, ExportsConsole],
})
export class ExportsModule {}
