import { Module } from '@nestjs/common';
import { CoalitionsModule } from '../coalitions/coalitions.module.js';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { CountsExport } from './counts-export.service.js';
import { ExportsApi } from './exports.api.js';
import { ExportsConsole } from './exports.console.js';
import { PersonsExports } from './persons-export.service.js';

@Module({
  imports: [CoalitionsModule, PetitionsModule],
  providers: [CountsExport, PersonsExports],
  controllers: [ExportsApi, ExportsConsole],
})
export class ExportsModule {}
