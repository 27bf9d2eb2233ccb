import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { PaperBatch } from './paper-batch.entity.js';
import { PaperCount } from './paper-count.entity.js';
import { PaperEntries } from './paper-entries.service.js';
import { PaperSheet } from './paper-sheet.entity.js';
import { PaperApi } from './paper.api.js';
import { PaperConsole } from './paper.console.js';
import { PaperPages } from './paper.pages.js';
import { Paper } from './paper.service.js';

/** Signatures on paper, apart from those confirmed online. */
@Module({
  imports: [TypeOrmModule.forFeature([PaperBatch, PaperCount, PaperSheet]), PetitionsModule],
  providers: [Paper, PaperEntries],
  controllers: [PaperApi, PaperConsole, PaperPages],
  exports: [Paper, PaperEntries],
})
export class PaperModule {}
