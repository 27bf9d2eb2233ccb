import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Counts } from '../countlog/counts.service.js';
import { publications } from '../countlog/log.entity.js';
import { Logs } from '../countlog/logs.service.js';
import type { Form } from '../site/form-answers.js';
import { direction, languageName, type Locale, locales } from '../site/languages.js';
import { markdownToHtml } from '../site/markdown.js';
import { Pages } from '../site/pages.service.js';
import type { StaffRequest } from '../staff/staff-request.js';
import { ConsoleContext } from '../staff/console-context.js';
import { LogChecks } from './log-checks.service.js';
import { type LineError, wordForm } from './petition-forms.js';
import { settingsOf } from './petition-settings.service.js';
import { isPublic } from './petition-states.js';
import { petitionRecord, wordsOf } from './petition-views.js';
import { Petitions, type PublishedPetition } from './petitions.service.js';

/** What was filled in, and what is wrong with it. */
export interface FilledForm {
  values: Form;
  errors: LineError[];
  /** Somebody else has written these words meanwhile. */
  conflict?: boolean;
  /** Show how the body will look. */
  preview?: boolean;
}

/** What a reviewer looks for; each is a message of its own. */
const standards = ['ask', 'addressee', 'sources', 'persons', 'languages', 'harm'];

/** The pages of the console about one petition. */
@Injectable()
export class PetitionConsolePages {
  constructor(
    private readonly petitions: Petitions,
    private readonly counts: Counts,
    private readonly logs: Logs,
    private readonly checks: LogChecks,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  async one(locale: Locale, request: FastifyRequest, slug: string) {
    const petition = await this.petitions.findForStaff(slug);
    const [count, days, countries, undecided, { checkedAt, fault }, check] = await Promise.all([
      this.petitions.count(petition),
      this.counts.byDay(petition.id),
      this.counts.byCountry(petition.id),
      this.logs.undecided(petition.id),
      this.logs.lastCheck(petition.id),
      this.checks.last(slug, (request as StaffRequest).actor.rights),
    ]);
    return this.render('petitions-one', locale, request, `/${slug}`, {
      petition: this.shown(petition, locale),
      ...{ count, days: days.slice(-30).reverse(), countries, undecided },
      log: {
        ...{ size: petition.log.size, checkedAt: checkedAt?.toISOString() ?? null, fault },
        check: check && { id: check.id, going: check.state === 'waiting' || check.state === 'running' },
      },
    });
  }

  /** Everything a reviewer has to read, in every language. */
  async review(locale: Locale, request: FastifyRequest, slug: string, filled: FilledForm = nothing) {
    const petition = await this.petitions.findForStaff(slug);
    return this.render('petitions-review', locale, request, `/${slug}/review`, {
      petition: this.shown(petition, locale),
      texts: petition.texts.map((text) => ({
        ...wordsOf(text),
        bodyHtml: markdownToHtml(text.body, `source-${text.locale}`),
        textLocale: text.locale,
        language: { code: text.locale, name: languageName(text.locale), dir: direction(text.locale) },
      })),
      ...{ standards, form: filled },
    });
  }

  /** The form for a new petition, with the words of its first language. */
  create(locale: Locale, request: FastifyRequest, filled: FilledForm = nothing) {
    const values = { language: locale, publication: 'ordinary', ...filled.values };
    return this.render('petitions-new', locale, request, '/new', this.writing({ ...filled, values }));
  }

  async text(locale: Locale, request: FastifyRequest, slug: string, language: Locale, filled?: FilledForm) {
    const petition = await this.petitions.findForStaff(slug);
    const text = petition.texts.find((each) => each.locale === language);
    const previousSha256 = text?.sha256.toString('hex') ?? '';
    const form: FilledForm = filled ?? { values: { ...(text && wordForm(wordsOf(text))), previousSha256 }, errors: [] };
    // Whoever saves again after a conflict has seen whose words she replaces.
    if (form.conflict) form.values = { ...form.values, previousSha256 };
    return this.render('petitions-text', locale, request, `/${slug}/texts/${language}`, {
      petition: this.shown(petition, locale),
      ...this.writing(form),
      language: { code: language, name: languageName(language), dir: direction(language) },
      standing: form.conflict && text ? wordForm(wordsOf(text)) : null,
    });
  }

  async settings(locale: Locale, request: FastifyRequest, slug: string, filled?: FilledForm) {
    const petition = await this.petitions.findForStaff(slug);
    return this.render('petitions-settings', locale, request, `/${slug}/settings`, {
      petition: this.shown(petition, locale),
      ...this.writing(filled ?? { values: settingsOf(petition), errors: [] }),
    });
  }

  private writing(form: FilledForm) {
    const { body } = form.values;
    return {
      form,
      previewHtml: form.preview && typeof body === 'string' ? markdownToHtml(body) : null,
      languages: locales.map((code) => ({ value: code, label: languageName(code) })),
      publications,
    };
  }

  /** Plain JSON: templates call functions they find. */
  private shown(petition: PublishedPetition, locale: Locale) {
    const text = this.petitions.text(petition, locale);
    const { factCheckedOn, reviewAfterDays } = petition;
    return {
      ...petitionRecord(petition),
      title: text.title,
      ask: text.ask,
      paperCount: petition.paperCount,
      isPublic: isPublic(petition.state),
      openedAt: petition.openedAt?.toISOString() ?? null,
      closedOn: petition.closedAt?.toISOString() ?? null,
      languages: locales.map((code) => {
        const written = petition.texts.find((each) => each.locale === code);
        return { code, name: languageName(code), version: written?.version ?? null };
      }),
      locales: petition.texts.map((each) => each.locale),
      textSha256: text.sha256.toString('hex'),
      factCheckStale: isStale(factCheckedOn, reviewAfterDays),
      logEnded: petition.log.endedAt !== null,
    };
  }

  private render(template: string, locale: Locale, request: FastifyRequest, path: string, context: object) {
    return this.pages.render(template, locale, {
      ...this.console.context(request),
      nav: 'petitions',
      path: `/console/petitions${path}`,
      base: `/${locale}/console/petitions`,
      ...context,
    });
  }
}

const nothing: FilledForm = { values: {}, errors: [] };

const isStale = (checkedOn: string | null, days: number) =>
  checkedOn === null || Date.parse(checkedOn) + days * 24 * 3600_000 < Date.now();
