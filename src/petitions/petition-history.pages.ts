import { Controller, Get, Param } from '@nestjs/common';
import { languageName, type Locale, translate } from '../site/languages.js';
import { markdownToHtml } from '../site/markdown.js';
import { Page, Pages } from '../site/pages.service.js';
import { LocalePipe } from '../site/pipes.js';
import { problems } from '../site/problem.js';
import { Public } from '../staff/access.js';
import { PetitionNotes } from './petition-notes.service.js';
import { PetitionTexts } from './petition-texts.service.js';
import { textView, wordsOf } from './petition-views.js';
import { Petitions } from './petitions.service.js';

/** What the words of a petition were, and when they changed. */
@Public()
@Controller(':locale/p/:slug')
export class PetitionHistoryPages {
  constructor(
    private readonly petitions: Petitions,
    private readonly texts: PetitionTexts,
    private readonly notes: PetitionNotes,
    private readonly pages: Pages,
  ) {}

  @Get('history')
  @Page()
  async history(@Param('locale', LocalePipe) locale: Locale, @Param('slug') slug: string) {
    const petition = await this.petitions.find(slug);
    const versions = (await this.texts.history(petition)).map(textView);
    const { endedAt, size } = petition.log;
    return this.pages.render('petition-history', locale, {
      path: `/p/${slug}/history`,
      petition: {
        ...this.petitions.heading(petition, locale),
        closedOn: petition.closedAt?.toISOString() ?? null,
        seal: endedAt && { entry: size - 1, count: (await this.petitions.count(petition)).count },
      },
      // Her own language first.
      languages: petition.texts
        .map((text) => text.locale)
        .toSorted((a, b) => Number(b === locale) - Number(a === locale))
        .map((code) => ({
          ...{ code, name: languageName(code) },
          versions: versions.filter((text) => text.locale === code),
        })),
      first: translate(locale, 'history.first'),
      notes: await this.notes.of(petition),
    });
  }

  @Get('versions/:version')
  @Page()
  async version(
    @Param('locale', LocalePipe) locale: Locale,
    @Param('slug') slug: string,
    @Param('version') number: string,
  ) {
    const petition = await this.petitions.find(slug);
    const text = (await this.texts.history(petition)).find(
      (each) => each.locale === locale && String(each.version) === number,
    );
    if (!text) throw problems.notFound('There is no such version of this text.');
    return this.pages.render('petition-version', locale, {
      // Other languages have other versions: their links lead to the list.
      path: `/p/${slug}/history`,
      petition: {
        slug,
        ...wordsOf(text),
        bodyHtml: markdownToHtml(text.body, text.locale),
        textVersion: text.version,
        textDate: text.validFrom.toISOString(),
        textLocale: text.locale,
      },
      isCurrent: this.petitions.text(petition, locale).version === text.version,
      sha256: text.sha256.toString('hex'),
    });
  }
}
