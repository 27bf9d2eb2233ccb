import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Counts } from '../countlog/counts.service.js';
import { publications } from '../countlog/log.entity.js';
import { Logs } from '../countlog/logs.service.js';
import type { Form } from '../site/form-answers.js';
import { isLocale, type Locale, locales } from '../site/languages.js';
import type { StaffRequest } from '../staff/staff-request.js';
import { pictureForStaff, PetitionPictures } from './petition-pictures.service.js';
import { LogChecks } from './log-checks.service.js';
import { language, PetitionConsoleFrame, readable } from './petition-console-frame.js';
import { type FormError, previewWords, rowsOf, wordForm } from './petition-forms.js';
import { settingsOf } from './petition-settings.service.js';
import { wordsOf } from './petition-views.js';
import { personStates } from './petition-words.schema.js';
import { Petitions, type PublishedPetition } from './petitions.service.js';
import { standards } from './standards.js';

/** What was filled in, and what is wrong with it. */
export interface FilledForm {
  values: Form;
  errors: FormError[];
  /** Somebody else has written these words meanwhile. */
  conflict?: boolean;
}

/** The pages of the console about one petition. */
@Injectable()
export class PetitionConsolePages {
  constructor(
    private readonly petitions: Petitions,
    private readonly counts: Counts,
    private readonly logs: Logs,
    private readonly checks: LogChecks,
    private readonly frame: PetitionConsoleFrame,
    private readonly pictures: PetitionPictures,
  ) {}

  async one(locale: Locale, request: FastifyRequest, slug: string) {
    const petition = await this.petitions.findForStaff(slug);
    const [count, days, countries, undecided, { checkedAt, fault, vkey }, check] = await Promise.all([
      this.petitions.count(petition),
      this.counts.byDay(petition.id),
      this.counts.byCountry(petition.id),
      this.logs.undecided(petition.id),
      this.logs.lastCheck(petition.id),
      this.checks.last(slug, (request as StaffRequest).actor.rights),
    ]);
    return this.frame.render('petitions-one', locale, request, `/${slug}`, {
      petition: this.frame.shown(petition, locale),
      ...{ count, days: days.slice(-30).reverse(), countries, undecided },
      log: {
        ...{ size: petition.log.size, checkedAt: checkedAt?.toISOString() ?? null, fault, vkey },
        check: check && { id: check.id, going: check.state === 'waiting' || check.state === 'running' },
      },
    });
  }

  /** Everything a reviewer has to read, in every language. */
  async review(locale: Locale, request: FastifyRequest, slug: string, filled: FilledForm = nothing) {
    const petition = await this.petitions.findForStaff(slug);
    const ticked = [filled.values.standards].flat();
    const picture = await this.pictures.of(slug, petition.id);
    return this.frame.render('petitions-review', locale, request, `/${slug}/review`, {
      petition: this.frame.shown(petition, locale),
      texts: petition.texts.map((text) => readable(wordsOf(text), text.locale, `source-${text.locale}`)),
      picture: picture && { ...picture, address: pictureForStaff(locale, slug, picture.url) },
      standards: standards.map((name) => ({ name, ticked: ticked.includes(name) })),
      form: filled,
    });
  }

  /** The form for a new petition, with the words of its first language. */
  create(locale: Locale, request: FastifyRequest, filled: FilledForm = nothing) {
    const values = { language: locale, publication: 'ordinary', ...filled.values };
    const chosen = typeof values.language === 'string' && isLocale(values.language) ? values.language : locale;
    return this.frame.render('petitions-new', locale, request, '/new', {
      ...this.writing({ ...filled, values }, chosen),
      action: `/${locale}/console/petitions`,
    });
  }

  /** @param beside a language to read beside the form; of a translation the original, unless another is chosen */
  async text(
    locale: Locale,
    request: FastifyRequest,
    slug: string,
    code: Locale,
    filled?: FilledForm,
    beside: unknown = filled?.values.beside,
  ) {
    const petition = await this.petitions.findForStaff(slug);
    const text = petition.texts.find((each) => each.locale === code);
    const shown = this.frame.shown(petition, locale);
    const previousSha256 = text?.sha256.toString('hex') ?? '';
    const form: FilledForm = filled ?? {
      values: { ...(text && wordForm(wordsOf(text))), previousSha256, originalSha256: shown.original.sha256 },
      errors: [],
    };
    // Whoever saves again after a conflict has seen whose words she replaces.
    if (form.conflict) form.values = { ...form.values, previousSha256 };
    return this.frame.render('petitions-text', locale, request, `/${slug}/texts/${code}`, {
      petition: shown,
      ...this.writing(form, code),
      action: `/${locale}/console/petitions/${slug}/texts/${code}`,
      language: shown.languages.find((each) => each.code === code),
      beside: besideOf(petition, code, beside),
      others: petition.texts.filter((each) => each.locale !== code).map((each) => language(each.locale)),
      standing: form.conflict && text ? readable(wordsOf(text), code, 'standing') : null,
    });
  }

  async settings(locale: Locale, request: FastifyRequest, slug: string, filled?: FilledForm) {
    const petition = await this.petitions.findForStaff(slug);
    return this.frame.render('petitions-settings', locale, request, `/${slug}/settings`, {
      petition: this.frame.shown(petition, locale),
      form: filled ?? { values: settingsOf(petition), errors: [] },
      written: petition.texts.map((text) => language(text.locale)),
      publications,
    });
  }

  private writing(form: FilledForm, code: Locale) {
    return {
      form,
      rows: rowsOf(form.values),
      preview: readable(previewWords(form.values), code, 'preview'),
      languages: locales.map(language),
      ...{ publications, personStates },
    };
  }
}

const nothing: FilledForm = { values: {}, errors: [] };

function besideOf(petition: PublishedPetition, code: Locale, chosen: unknown) {
  const wanted = typeof chosen === 'string' ? chosen : petition.originalLocale;
  const text = petition.texts.find((each) => each.locale === wanted && each.locale !== code);
  return text ? readable(wordsOf(text), text.locale, 'beside') : null;
}
