import { Module } from '@nestjs/common';
import { CountlogModule } from '../countlog/countlog.module.js';
import { MailModule } from '../mail/mail.module.js';
import { ModerationModule } from '../moderation/moderation.module.js';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { OverviewConsole } from './overview.console.js';

@Module({ imports: [CountlogModule, MailModule, ModerationModule, PetitionsModule], controllers: [OverviewConsole] })
export class OverviewModule {}
