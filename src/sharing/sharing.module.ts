import { Module } from '@nestjs/common';
import { CountlogModule } from '../countlog/countlog.module.js';
import { PetitionsModule } from '../petitions/petitions.module.js';
import { UpdatesModule } from '../updates/updates.module.js';
import { Cards } from './cards.service.js';
import { CrawlersPages } from './crawlers.pages.js';
import { EmbedPages } from './embed.pages.js';
import { FeedsPages } from './feeds.pages.js';
import { PetitionNews } from './news.service.js';
import { OEmbedApi } from './oembed.api.js';
import { SharingPages } from './sharing.pages.js';

@Module({
  imports: [CountlogModule, PetitionsModule, UpdatesModule],
  providers: [Cards, PetitionNews],
  controllers: [SharingPages, EmbedPages, FeedsPages, CrawlersPages, OEmbedApi],
})
export class SharingModule {}
