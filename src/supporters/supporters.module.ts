import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LawmakersModule } from '../lawmakers/lawmakers.module.js';
import { LettersModule } from '../letters/letters.module.js';
import { MailModule } from '../mail/mail.module.js';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { SignaturesModule } from '../signatures/signatures.module.js';
import { DigestEnds } from './digest-ends.service.js';
import { DigestSupporter } from './digest-supporter.entity.js';
import { DigestSupporters } from './digest-supporters.service.js';
import { DigestMails } from './digest.mails.js';
import { Digests } from './digests.service.js';
import { SupporterFigures } from './supporter-figures.service.js';
import { SupporterLetter } from './supporter-letter.entity.js';
import { SupporterLetters } from './supporter-letters.service.js';
import { SupportersApi } from './supporters.api.js';
import { SupportersConsole } from './supporters.console.js';
import { SupportersMails } from './supporters.mails.js';
import { WriteDesks } from './write-desks.service.js';
import { WriteApi } from './write.api.js';
import { WritePages } from './write.pages.js';

/** Supporters who write to their own lawmakers. */
@Module({
  imports: [
    TypeOrmModule.forFeature([SupporterLetter, DigestSupporter]),
    PetitionsModule,
    SignaturesModule,
    LawmakersModule,
    LettersModule,
    MailModule,
  ],
  providers: [
    WriteDesks,
    SupporterLetters,
    DigestSupporters,
    Digests,
    DigestEnds,
    DigestMails,
    SupporterFigures,
    SupportersMails,
  ],
  controllers: [WritePages, WriteApi, SupportersApi, SupportersConsole],
})
export class SupportersModule {}
