import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AppearanceApi } from './appearance.api.js';
import { AppearanceRow } from './appearance.entity.js';
import { AppearancePages } from './appearance.pages.js';
import { Appearances } from './appearance.service.js';
import { SettingsConsole } from './settings.console.js';
import { SiteText } from './site-text.entity.js';

@Module({
  imports: [TypeOrmModule.forFeature([AppearanceRow, SiteText])],
  providers: [Appearances],
  controllers: [AppearanceApi, SettingsConsole, AppearancePages],
})
export class AppearanceModule {}
