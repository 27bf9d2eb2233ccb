import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Form } from '../site/form-answers.js';
import { isLocale, type Locale, translate } from '../site/languages.js';
import { Pages } from '../site/pages.service.js';
import { problems } from '../site/problem.js';
import { language, PetitionConsoleFrame, readable } from './petition-console-frame.js';
import { previewWords } from './petition-forms.js';
import { PetitionTexts, type TextVersion } from './petition-texts.service.js';
import { wordsOf } from './petition-views.js';
import type { PetitionWords } from './petition-words.schema.js';
import { Petitions } from './petitions.service.js';
import { wordDiff } from './word-diff.js';

const fields = ['title', 'addressee', 'ask', 'body', 'sources', 'persons', 'timeline'] as const;

/** The pages of the console on which texts are read beside each other: languages, versions, and what is being typed. */
@Injectable()
export class PetitionTextPages {
  constructor(
    private readonly petitions: Petitions,
    private readonly texts: PetitionTexts,
    private readonly frame: PetitionConsoleFrame,
    private readonly pages: Pages,
  ) {}

  /** Two languages side by side; unless others are chosen, the original and the translation that needs a look first. */
  async translations(
    locale: Locale,
    request: FastifyRequest,
    slug: string,
    chosen: { left?: unknown; right?: unknown },
  ) {
    const petition = await this.petitions.findForStaff(slug);
    const shown = this.frame.shown(petition, locale);
    const written = shown.languages.filter(({ version }) => version !== null);
    const find = (code: unknown) => written.find((each) => each.code === code);
    const left = find(chosen.left) ?? find(petition.originalLocale)!;
    const others = written.filter(({ code }) => code !== left.code);
    const right = others.find(({ code }) => code === chosen.right) ?? others.find((each) => each.isOlder) ?? others[0];
    return this.frame.render('petitions-translations', locale, request, `/${slug}/translations`, {
      petition: shown,
      written,
      missing: shown.languages.filter(({ version }) => version === null),
      sides: [left, right]
        .filter((side) => side !== undefined)
        .map((side) => {
          const text = petition.texts.find((each) => each.locale === side.code)!;
          return {
            ...readable(wordsOf(text), side.code, `source-${side.code}`),
            ...{ about: side, writtenBy: text.writtenBy },
          };
        }),
    });
  }

  /** Every version of one language, and what changed between two of them: if none are chosen, the newest and the one before. */
  async versions(
    locale: Locale,
    request: FastifyRequest,
    slug: string,
    code: Locale,
    chosen: { from?: unknown; to?: unknown },
  ) {
    const petition = await this.petitions.findForStaff(slug);
    const versions = (await this.texts.history(petition)).filter((text) => text.locale === code);
    if (versions.length === 0) throw problems.notFound('There are no words in this language.');
    const find = (version: unknown) => versions.find((text) => String(text.version) === version);
    const after = find(chosen.to) ?? versions[0]!;
    const before = find(chosen.from) ?? versions.find(({ version }) => version === after.version - 1) ?? after;
    return this.frame.render('petitions-versions', locale, request, `/${slug}/texts/${code}/versions`, {
      petition: this.frame.shown(petition, locale),
      language: language(code),
      versions: versions.map(({ version, reason, writtenBy, logEntry, validFrom }) => ({
        ...{ version, reason, writtenBy, logEntry, validFrom: validFrom.toISOString() },
      })),
      ...{ from: before.version, to: after.version },
      changes: changesBetween(before, after, locale),
    });
  }

  /** What is being typed, as readers will see it: a piece of a page. */
  preview(locale: Locale, form: Form) {
    const code = typeof form.language === 'string' && isLocale(form.language) ? form.language : locale;
    return this.pages.render('petitions-preview', locale, { text: readable(previewWords(form), code, 'preview') });
  }
}

/** Of each field that differs, the pieces. */
function changesBetween(before: TextVersion, after: TextVersion, locale: Locale) {
  const [old, now] = [plain(wordsOf(before), locale), plain(wordsOf(after), locale)];
  return fields
    .filter((field) => old[field] !== now[field])
    .map((field) => ({ field, pieces: wordDiff(old[field], now[field]) }));
}

/** Lists as lines, so that they can be compared word by word like the rest. */
function plain({ sources, persons, timeline, ...words }: PetitionWords, locale: Locale) {
  const line = (...parts: (string | undefined)[]) => parts.filter(Boolean).join(' · ');
  return {
    ...words,
    sources: sources.map(({ title, url, date }, at) => line(`[${at + 1}] ${title}`, url, date)).join('\n'),
    persons: persons
      .map(({ name, state, status, asOf, source }) =>
        line(name, state && translate(locale, `petition.person-state.${state}`), status, asOf, source),
      )
      .join('\n'),
    timeline: timeline.map(({ date, text }) => line(date, text)).join('\n'),
  };
}
