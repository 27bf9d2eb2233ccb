import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { direction, languageName, type Locale, locales } from '../site/languages.js';
import { markdownToHtml } from '../site/markdown.js';
import { Pages } from '../site/pages.service.js';
import { ConsoleContext } from '../staff/console-context.js';
import { isOlderThanOriginal, personsGone } from './fact-check.js';
import { isPublic } from './petition-states.js';
import { petitionRecord } from './petition-views.js';
import { Petitions, type PublishedPetition } from './petitions.service.js';

/** What the console's pages about petitions have in common. */
@Injectable()
export class PetitionConsoleFrame {
  constructor(
    private readonly petitions: Petitions,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  /** @param path behind the address of the list */
  render(template: string, locale: Locale, request: FastifyRequest, path: string, context: object) {
    return this.pages.render(template, locale, {
      ...this.console.context(request),
      nav: 'petitions',
      path: `/console/petitions${path}`,
      base: `/${locale}/console/petitions`,
      ...context,
    });
  }

  /** Plain JSON: templates call functions they find. */
  shown(petition: PublishedPetition, locale: Locale) {
    const text = this.petitions.text(petition, locale);
    return {
      ...petitionRecord(petition),
      title: text.title,
      ask: text.ask,
      paperCount: petition.paperCount,
      isPublic: isPublic(petition.state),
      authors: petition.authors,
      openedAt: petition.openedAt?.toISOString() ?? null,
      closedOn: petition.closedAt?.toISOString() ?? null,
      original: { ...language(petition.originalLocale), sha256: this.sha256(petition, petition.originalLocale) },
      languages: locales.map((code) => {
        const written = petition.texts.find((each) => each.locale === code);
        return {
          ...language(code),
          version: written?.version ?? null,
          sha256: written?.sha256.toString('hex') ?? null,
          isOriginal: code === petition.originalLocale,
          isOlder: isOlderThanOriginal(petition, code),
        };
      }),
      locales: petition.texts.map((each) => each.locale),
      // By language: each spells the same names in its own way.
      personsGone: petition.texts
        .map((text) => ({ locale: text.locale, persons: personsGone(text) }))
        .filter(({ persons }) => persons.length > 0),
      textSha256: text.sha256.toString('hex'),
      logEnded: petition.log.endedAt !== null,
    };
  }

  private sha256(petition: PublishedPetition, locale: string): string | null {
    return petition.texts.find((text) => text.locale === locale)?.sha256.toString('hex') ?? null;
  }
}

export const language = (code: string) => ({ code, name: languageName(code), dir: direction(code) });

/** All the words of one language, to be read on a page. @param anchor the ids of its sources begin with it */
export const readable = <Words extends { body: string }>(words: Words, code: string, anchor: string) => ({
  ...words,
  bodyHtml: markdownToHtml(words.body, code, anchor),
  textLocale: code,
  language: language(code),
  anchor,
});
