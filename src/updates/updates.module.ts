import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CoalitionsModule } from '../coalitions/coalitions.module.js';
import { MailModule } from '../mail/mail.module.js';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { SignaturesModule } from '../signatures/signatures.module.js';
import { UnsubscribeLinks } from './unsubscribe-links.js';
import { Unsubscribing } from './unsubscribing.service.js';
import { UpdateConsolePages } from './update-console-pages.service.js';
import { UpdateMail } from './update-mail.js';
import { UpdateRecords } from './update-records.service.js';
import { UpdateSending } from './update-sending.service.js';
import { UpdateTests } from './update-tests.service.js';
import { UpdateText } from './update-text.entity.js';
import { Update } from './update.entity.js';
import { UpdatesApi } from './updates.api.js';
import { UpdatesConsole } from './updates.console.js';
import { UpdatesMails } from './updates.mails.js';
import { UpdatesPages } from './updates.pages.js';
import { UpdatesRunner } from './updates.runner.js';
import { Updates } from './updates.service.js';

/** News of a petition, to signers who want it. */
@Module({
  imports: [
    TypeOrmModule.forFeature([Update, UpdateText]),
    PetitionsModule,
    SignaturesModule,
    CoalitionsModule,
    MailModule,
  ],
  providers: [
    UnsubscribeLinks,
    Unsubscribing,
    UpdateConsolePages,
    UpdateMail,
    UpdateRecords,
    UpdateSending,
    UpdateTests,
    Updates,
    UpdatesMails,
    UpdatesRunner,
  ],
  controllers: [UpdatesApi, UpdatesConsole, UpdatesPages],
  exports: [Updates],
})
export class UpdatesModule {}
