import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Petitions } from '../petitions/petitions.service.js';
import type { Form } from '../site/form-answers.js';
import { direction, languageName, type Locale, locales } from '../site/languages.js';
import { newsToHtml } from '../site/markdown.js';
import { Pages } from '../site/pages.service.js';
import type { FieldError } from '../site/problem.js';
import { ConsoleContext } from '../staff/console-context.js';
import { ownerOf } from '../staff/tokens.service.js';
import type { StaffRequest } from '../staff/staff-request.js';
import { UpdateRecords } from './update-records.service.js';
import { moves } from './update-states.js';
import { Updates, wordsIn } from './updates.service.js';

interface Filled {
  values?: Form;
  errors?: FieldError[];
  preview?: boolean;
  tested?: boolean;
}

/** The pages of the console about updates. */
@Injectable()
export class UpdateConsolePages {
  constructor(
    private readonly petitions: Petitions,
    private readonly updates: Updates,
    private readonly records: UpdateRecords,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
  ) {}

  async list(locale: Locale, request: FastifyRequest, slug: string, filled: Filled = {}) {
    const [updates, records] = [await this.updates.list(slug), await this.records.list(slug)];
    return this.render('updates-list', locale, request, slug, '', {
      updates: records.map((record, at) => ({ ...record, title: wordsIn(updates[at]!, locale).title })),
      organisations: (await this.petitions.findForStaff(slug)).organisations.map(({ id, name }) => ({
        value: id,
        label: name,
      })),
      ...this.writing({ ...filled, values: { language: locale, ...filled.values } }),
    });
  }

  async one(locale: Locale, request: FastifyRequest, slug: string, id: string, filled: Filled = {}) {
    const update = await this.updates.find(slug, id);
    const record = await this.records.one(slug, id);
    return this.render('updates-one', locale, request, slug, `/${id}`, {
      update: {
        ...record,
        title: wordsIn(update, locale).title,
        from: update.organisation?.name ?? null,
        mayWrite: moves.writing.from.some((state) => state === record.state),
        mine: update.authors.includes(ownerOf((request as StaffRequest).actor)),
      },
      texts: update.texts.map((text) => ({
        ...{ title: text.title, bodyHtml: newsToHtml(text.body), locale: text.locale },
        ...{ language: languageName(text.locale), dir: direction(text.locale) },
      })),
      languages: locales.map((code) => ({
        ...{ code, name: languageName(code) },
        written: update.texts.some((text) => text.locale === code),
      })),
      choices: update.texts.map((text) => ({ value: text.locale, label: languageName(text.locale) })),
      form: { values: filled.values ?? {}, errors: filled.errors ?? [] },
      tested: filled.tested ?? false,
    });
  }

  async text(locale: Locale, request: FastifyRequest, slug: string, id: string, language: Locale, filled: Filled = {}) {
    const update = await this.updates.find(slug, id);
    const text = update.texts.find((each) => each.locale === language);
    return this.render('updates-text', locale, request, slug, `/${id}/texts/${language}`, {
      update: { id, state: update.state, title: wordsIn(update, locale).title },
      language: { code: language, name: languageName(language), dir: direction(language) },
      ...this.writing({ ...filled, values: filled.values ?? { title: text?.title, body: text?.body } }),
    });
  }

  private writing({ values = {}, errors = [], preview = false }: Filled) {
    return {
      form: { values, errors },
      previewHtml: preview && typeof values.body === 'string' ? newsToHtml(values.body) : null,
      languages: locales.map((code) => ({ value: code, label: languageName(code) })),
    };
  }

  private async render(
    template: string,
    locale: Locale,
    request: FastifyRequest,
    slug: string,
    path: string,
    context: object,
  ) {
    const petition = await this.petitions.findForStaff(slug);
    return this.pages.render(template, locale, {
      ...this.console.context(request),
      ...{ nav: 'petitions', path: `/console/petitions/${slug}/updates${path}` },
      base: `/${locale}/console/petitions/${slug}/updates`,
      petition: { slug, title: this.petitions.text(petition, locale).title, state: petition.state },
      ...context,
    });
  }
}
