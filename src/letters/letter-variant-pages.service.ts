import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AudienceService } from '../lawmakers/audience.service.js';
import { channels } from '../lawmakers/importers/import-record.js';
import { LegislaturesService } from '../lawmakers/legislatures.service.js';
import type { Form } from '../site/form-answers.js';
import { direction, languageNameIn, type Locale, translate } from '../site/languages.js';
import type { FieldError } from '../site/problem.js';
import { problems } from '../site/problem.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { LetterDrafts } from './letter-drafts.service.js';
import { letterFilters } from './letter-engine.js';
import { languages, LetterPages } from './letter-pages.service.js';
import { petitionPlaceholders, placeholders } from './placeholders.js';
import { withRuleLists } from './variant-form.js';

/** The form of a variant, with what can be chosen from in the legislatures of its letter. */
@Injectable()
export class LetterVariantPages {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly audiences: AudienceService,
    private readonly legislatures: LegislaturesService,
    private readonly drafts: LetterDrafts,
    private readonly pages: LetterPages,
  ) {}

  /** @throws Problem not-found for a variant of another campaign */
  async form(
    locale: Locale,
    request: FastifyRequest,
    id: string,
    { variantId, values, errors = [] }: { variantId?: string; values?: Form; errors?: FieldError[] },
  ) {
    const campaign = await this.campaigns.find(id);
    const variant = campaign.variants.find((each) => each.id === variantId);
    if (variantId && !variant) throw problems.notFound('There is no such variant in this campaign.');
    const { legislatures: wanted } = campaign.audience;
    const all = (await this.legislatures.list()).filter(({ slug }) => wanted.includes(slug));
    const choices = await this.audiences.choices(wanted);
    const own = (values: string[]) => values.map((value) => ({ code: value, name: value }));
    const shown =
      values ??
      (variant
        ? { ...variant.rules, name: variant.name, locale: variant.locale, subject: variant.subject, body: variant.body }
        : { locale: campaign.defaultLocale, body: '{{ salutation }},\n\n' });
    const offered = new Set([...languages, ...campaign.texts.map((text) => text.locale), String(shown.locale)]);
    return this.pages.render(
      'letters-variant',
      locale,
      request,
      variantId ? `/${id}/variants/${variantId}` : `/${id}/variants/new`,
      {
        campaign: this.pages.shown(campaign),
        variantId: variantId ?? null,
        name: variant?.name ?? null,
        rules: [
          {
            rule: 'legislatures',
            options: all.length > 1 ? all.map(({ slug, name }) => ({ code: slug, name })) : [],
          },
          { rule: 'chambers', options: own(choices.chambers) },
          { rule: 'parties', options: own(choices.parties) },
          { rule: 'committees', options: own(choices.committees) },
          { rule: 'groups', options: own(choices.groups) },
          { rule: 'areas', options: own(choices.areas) },
          { rule: 'roles', options: own(choices.roles) },
          {
            rule: 'channels',
            options: channels.map((code) => ({ code, name: translate(locale, `letters.channel.${code}`) })),
          },
        ],
        languages: [...offered].map((code) => ({ code, name: languageNameIn(locale, code) })),
        language: { code: String(shown.locale), dir: direction(String(shown.locale)) },
        placeholders: campaign.petitionId ? [...placeholders, ...petitionPlaceholders] : placeholders,
        filters: letterFilters,
        draft: await this.drafts.variant(id, variantId, shown),
        form: { values: withRuleLists(shown) },
        errors,
      },
    );
  }
}
