import { type DynamicModule, Module } from '@nestjs/common';
import { AppearanceModule } from './appearance/appearance.module.js';
import { CoalitionsModule } from './coalitions/coalitions.module.js';
import { type Settings, SettingsModule } from './config/settings.js';
import { DatabaseModule } from './database/database.module.js';
import { ExportsModule } from './exports/exports.module.js';
import { FiguresModule } from './figures/figures.module.js';
import { HealthModule } from './health/health.module.js';
import { LawmakersModule } from './lawmakers/lawmakers.module.js';
import { LettersModule } from './letters/letters.module.js';
import { relaysOf } from './mail/mail-settings.js';
import { MailModule } from './mail/mail.module.js';
import { ModerationModule } from './moderation/moderation.module.js';
import { NoticesModule } from './notices/notices.module.js';
import { OverviewModule } from './overview/overview.module.js';
import { PaperModule } from './paper/paper.module.js';
import { PetitionsModule } from './petitions/petitions.module.js';
import { ProgressModule } from './progress/progress.module.js';
import { ReturnsModule } from './returns/returns.module.js';
import { SharingModule } from './sharing/sharing.module.js';
import { SignaturesModule } from './signatures/signatures.module.js';
import { SiteModule } from './site/site.module.js';
import { StaffModule } from './staff/staff.module.js';
import { SupportersModule } from './supporters/supporters.module.js';
import { SwitchesModule } from './switches/switches.module.js';
import { UpdatesModule } from './updates/updates.module.js';
import { VaultModule } from './vault/vault.module.js';

@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    relaysOf(settings);
    return {
      module: AppModule,
      imports: [
        SettingsModule.with(settings),
        DatabaseModule.with(settings),
        VaultModule,
        SiteModule,
        HealthModule,
        StaffModule,
        ProgressModule,
        SwitchesModule,
        AppearanceModule,
        OverviewModule,
        PetitionsModule,
        SharingModule,
        SignaturesModule,
        CoalitionsModule,
        PaperModule,
        ModerationModule,
        ExportsModule,
        FiguresModule,
        LawmakersModule,
        LettersModule,
        SupportersModule,
        NoticesModule,
        UpdatesModule,
        MailModule,
        ReturnsModule,
      ],
    };
  }
}
