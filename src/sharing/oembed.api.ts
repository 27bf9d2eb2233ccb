import { Controller, Get, Header, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Petitions } from '../petitions/petitions.service.js';
import { isLocale, type Locale } from '../site/languages.js';
import { problems } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { cardSize } from './card.js';

const frame = { width: 480, height: 320 };
const most = (size: number) => z.coerce.number('not-a-number').int('not-a-number').min(1).max(100_000).default(size);

const Asked = z.object({
  url: z.string('required').max(2000, 'too-long').describe('the address of a petition'),
  maxwidth: most(frame.width),
  maxheight: most(frame.height),
  format: z.string().max(20).default('json'),
});
type Asked = z.infer<typeof Asked>;

export const OEmbed = z.object({
  version: z.literal('1.0'),
  type: z.literal('rich'),
  title: z.string(),
  author_name: z.string(),
  provider_name: z.string(),
  provider_url: z.string(),
  cache_age: z.number().int(),
  html: z.string().describe('an iframe'),
  width: z.number().int(),
  height: z.number().int(),
  thumbnail_url: z.string(),
  thumbnail_width: z.number().int(),
  thumbnail_height: z.number().int(),
});
export type OEmbed = z.infer<typeof OEmbed>;

/** oEmbed (oembed.com, 1.0): what an editor puts in place of a petition's address that somebody pasted. */
@ApiTags('petitions')
@Public()
@Controller('api/v1/oembed')
export class OEmbedApi {
  constructor(
    private readonly petitions: Petitions,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get()
  @Header('access-control-allow-origin', '*')
  @Header('cache-control', 'public, max-age=3600')
  @ApiOkResponse({ standardSchema: OEmbed })
  async answer(@Query({ schema: Asked }) { url, maxwidth, maxheight, format }: Asked): Promise<OEmbed> {
    if (format !== 'json') throw problems.notImplemented('Only the format "json" is given.');
    const { locale, slug } = this.read(url);
    const petition = await this.petitions.find(slug);
    const { title } = this.petitions.text(petition, locale);
    const { PUBLIC_URL: site, SITE_NAME: siteName } = this.settings;
    const width = Math.min(frame.width, maxwidth);
    const height = Math.min(frame.height, maxheight);
    return {
      ...{ version: '1.0', type: 'rich', title, author_name: petition.startedBy },
      ...{ provider_name: siteName, provider_url: site, cache_age: 3600 },
      html: `<iframe src="${site}/${locale}/embed/${slug}" width="${width}" height="${height}" title="${escapeHtml(title)}" loading="lazy" frameborder="0"></iframe>`,
      ...{ width, height },
      thumbnail_url: `${site}/${locale}/p/${slug}/card.png`,
      thumbnail_width: cardSize.width,
      thumbnail_height: cardSize.height,
    };
  }

  /** @throws Problem not-found for whatever is not the address of a petition of ours */
  private read(url: string): { locale: Locale; slug: string } {
    const site = `${this.settings.PUBLIC_URL}/`;
    const path = url.startsWith(site) ? url.slice(site.length) : '';
    const [, locale = '', slug = ''] = /^([a-z]+)\/(?:p|embed)\/([a-z0-9-]{1,80})\/?(?:[?#].*)?$/s.exec(path) ?? [];
    if (!isLocale(locale)) throw problems.notFound('This is not the address of a petition on this site.');
    return { locale, slug };
  }
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
