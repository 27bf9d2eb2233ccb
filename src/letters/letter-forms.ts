import { channels } from '../lawmakers/importers/import-record.js';
import type { Audience } from '../lawmakers/lawmakers.schema.js';
import type { Form } from '../site/form-answers.js';
import type { LetterCampaignView } from './letters.schema.js';

const list = (value: unknown): unknown[] =>
  value === undefined || value === '' ? [] : Array.isArray(value) ? value : [value];

/** The fields of the settings form as the schema takes them. What is chosen by hand is not in the form: it stays. */
export function readCampaignForm(form: Form, before?: Audience) {
  const { title, petition, defaultLocale, senderName, organisation, replyTo, notBefore, notAfter } = form;
  return {
    title,
    petition,
    defaultLocale,
    senderName,
    organisation,
    replyTo,
    notBefore,
    notAfter,
    audience: {
      legislatures: list(form.legislatures),
      chambers: list(form.chambers),
      parties: list(form.parties),
      areas: list(form.areas),
      countries: list(form.countries),
      locales: list(form.locales),
      channels: list(form.channels),
      include: before?.include ?? [],
      exclude: before?.exclude ?? [],
    },
  };
}

/** A campaign as values for the settings form; datetime-local fields take no zone. */
export const campaignForm = (campaign: LetterCampaignView): Form => ({
  ...campaign,
  ...campaign.audience,
  notBefore: campaign.notBefore?.slice(0, 16),
  notAfter: campaign.notAfter?.slice(0, 16),
});

export const emptyCampaignForm: Form = { channels: [...channels], defaultLocale: 'en' };

/** Values as lists, so that a template can ask whether one is ticked. */
export const withLists = (form: Form): Form => ({
  ...form,
  ...Object.fromEntries(
    ['legislatures', 'chambers', 'parties', 'areas', 'countries', 'locales', 'channels'].map((name) => [
      name,
      list(form[name]),
    ]),
  ),
});
