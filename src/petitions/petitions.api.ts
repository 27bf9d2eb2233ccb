import { Controller, Get, Header, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { SETTINGS, type Settings } from '../config/settings.js';
import { type Count, method } from '../countlog/counts.service.js';
import { defaultLocale, locales } from '../site/languages.js';
import { Public } from '../staff/access.js';
import { paperMethod } from './paper-method.js';
import { PetitionTexts } from './petition-texts.service.js';
import { organisationView, textView } from './petition-views.js';
import { CountView, PetitionDetail, PetitionList, PetitionView, TextHistory } from './petitions.schema.js';
import { Petitions, type PublishedPetition } from './petitions.service.js';

const InLocale = z.object({ locale: z.enum(locales).default(defaultLocale) });
type InLocale = z.infer<typeof InLocale>;

@ApiTags('petitions')
@Public()
@Controller('api/v1/petitions')
export class PetitionsApi {
  /** The answer of `count.json`, written once for as long as the count stays in memory. */
  private readonly written = new WeakMap<Count, string>();

  constructor(
    private readonly petitions: Petitions,
    private readonly texts: PetitionTexts,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get()
  @Header('access-control-allow-origin', '*')
  @ApiOkResponse({ standardSchema: PetitionList })
  async list(@Query({ schema: InLocale }) { locale }: InLocale) {
    const petitions = await this.petitions.list();
    return { petitions: await Promise.all(petitions.map((petition) => this.view(petition, locale))) };
  }

  @Get(':slug')
  @Header('access-control-allow-origin', '*')
  @ApiOkResponse({ standardSchema: PetitionDetail })
  async one(@Param('slug') slug: string, @Query({ schema: InLocale }) { locale }: InLocale): Promise<PetitionDetail> {
    const petition = await this.petitions.find(slug);
    const text = this.petitions.text(petition, locale);
    const { body, sources, persons, timeline } = text;
    return {
      ...(await this.view(petition, locale)),
      ...{ locale: text.locale, body, sources, persons, timeline },
      organisations: petition.organisations.map(organisationView),
      textVersion: text.version,
      textSha256: text.sha256.toString('hex'),
    };
  }

  /** Every version in every language with its digest: what each signer signed, and what the log says of it. */
  @Get(':slug/texts')
  @Header('access-control-allow-origin', '*')
  @ApiOkResponse({ standardSchema: TextHistory })
  async history(@Param('slug') slug: string): Promise<TextHistory> {
    const texts = await this.texts.history(await this.petitions.find(slug));
    return { petition: slug, texts: texts.map(textView) };
  }

  @Get(':slug/count.json')
  @Header('access-control-allow-origin', '*')
  @Header('cache-control', 'public, max-age=1, stale-while-revalidate=10')
  @ApiOkResponse({ standardSchema: CountView })
  async count(@Param('slug') slug: string, @Res() reply: FastifyReply): Promise<void> {
    const petition = await this.petitions.find(slug);
    const count = await this.petitions.count(petition);
    const signatures = petition.paperCount;
    let body = this.written.get(count);
    if (!body) {
      body = JSON.stringify({
        ...{ petition: slug, ...count, method, paper: { signatures, method: paperMethod } },
      } satisfies CountView);
      this.written.set(count, body);
    }
    // Weak: the time in the answer goes on while the number stays.
    reply
      .header('etag', `W/"${count.count}-${count.pending}-${signatures}"`)
      .type('application/json; charset=utf-8')
      .send(body);
  }

  private async view(petition: PublishedPetition, locale: string): Promise<PetitionView> {
    const { title, ask, addressee } = this.petitions.text(petition, locale);
    const { count } = await this.petitions.count(petition);
    const { slug, state, startedBy, goal } = petition;
    return {
      ...{ slug, state, title, ask, addressee, startedBy, goal, count },
      openedAt: petition.openedAt?.toISOString() ?? null,
      closedAt: petition.closedAt?.toISOString() ?? null,
      locales: petition.texts.map((text) => text.locale),
      url: `${this.settings.PUBLIC_URL}/${locale}/p/${slug}`,
    };
  }
}
