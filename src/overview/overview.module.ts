import { Module } from '@nestjs/common';
import { CountlogModule } from '../countlog/countlog.module.js';
import { LawmakersModule } from '../lawmakers/lawmakers.module.js';
import { LettersModule } from '../letters/letters.module.js';
import { MailModule } from '../mail/mail.module.js';
import { ModerationModule } from '../moderation/moderation.module.js';
import { PaperModule } from '../paper/paper.module.js';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { SignaturesModule } from '../signatures/signatures.module.js';
import { UpdatesModule } from '../updates/updates.module.js';
import { Needs } from './needs.service.js';
import { OverviewConsole } from './overview.console.js';

@Module({
  imports: [
    CountlogModule,
    LawmakersModule,
    LettersModule,
    MailModule,
    ModerationModule,
    PaperModule,
    PetitionsModule,
    SignaturesModule,
    UpdatesModule,
  ],
  providers: [Needs],
  controllers: [OverviewConsole],
})
export class OverviewModule {}
