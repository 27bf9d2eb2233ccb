import { Module } from '@nestjs/common';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { SignaturesModule } from '../signatures/signatures.module.js';
import { FiguresApi } from './figures.api.js';
import { FiguresConsole } from './figures.console.js';
import { FiguresOfPetitions } from './petition-figures.service.js';

@Module({
  imports: [PetitionsModule, SignaturesModule],
  providers: [FiguresOfPetitions],
  controllers: [FiguresApi, FiguresConsole],
})
export class FiguresModule {}
