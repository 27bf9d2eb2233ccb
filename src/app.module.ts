import { type DynamicModule, Module } from '@nestjs/common';
import { type Settings, SettingsModule } from './config/settings.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { MailModule } from './mail/mail.module.js';
import { SiteModule } from './site/site.module.js';
import { VaultModule } from './vault/vault.module.js';

@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.with(settings),
        DatabaseModule.with(settings),
        VaultModule,
        SiteModule,
        HealthModule,
        MailModule,
      ],
    };
  }
}
