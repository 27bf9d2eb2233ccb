import { channels } from '../lawmakers/importers/import-record.js';
import type { Audience } from '../lawmakers/lawmakers.schema.js';
import type { Form } from '../site/form-answers.js';
import type { FieldError } from '../site/problem.js';
import type { LetterCampaignView } from './letters.schema.js';
import type { Pace } from './pace.schema.js';

const list = (value: unknown): unknown[] =>
  value === undefined || value === '' ? [] : Array.isArray(value) ? value : [value];

/** The fields of the settings form as the schema takes them. What is chosen by hand is not in the form: it stays. */
export function readCampaignForm(form: Form, before?: Audience, moreHours: Pace['hours'] = []) {
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
    // A form without these fields, such as an older script's, leaves them as they are.
    ...(form.timeZone !== undefined && { pace: readPace(form, moreHours) }),
    audience: {
      legislatures: list(form.legislatures),
      chambers: list(form.chambers),
      parties: list(form.parties),
      areas: list(form.areas),
      committees: list(form.committees),
      groups: list(form.groups),
      roles: list(form.roles),
      countries: list(form.countries),
      locales: list(form.locales),
      channels: list(form.channels),
      include: before?.include ?? [],
      exclude: before?.exclude ?? [],
    },
  };
}

function readPace(form: Form, moreHours: Pace['hours']) {
  return {
    timeZone: form.timeZone || undefined,
    days: list(form.days),
    // The form shows the first hours; others, set through the API, stay.
    hours: [{ from: form.hoursFrom || '00:00', to: form.hoursTo || '00:00' }, ...moreHours],
    holidays: String(form.holidays ?? '')
      .split(/[\s,،]+/)
      .filter(Boolean),
    perHour: form.perHour,
    perDay: form.perDay,
    spread: form.spread,
  };
}

/** A campaign as values for the settings form; datetime-local fields take no zone. */
export const campaignForm = (campaign: LetterCampaignView): Form => ({
  ...campaign,
  ...campaign.audience,
  notBefore: campaign.notBefore?.slice(0, 16),
  notAfter: campaign.notAfter?.slice(0, 16),
  ...campaign.pace,
  days: campaign.pace.days.map(String),
  hoursFrom: campaign.pace.hours[0]!.from,
  hoursTo: campaign.pace.hours[0]!.to,
  holidays: campaign.pace.holidays.join('\n'),
});

export const emptyCampaignForm: Form = {
  channels: [...channels],
  defaultLocale: 'en',
  timeZone: 'UTC',
  days: ['1', '2', '3', '4', '5'],
  hoursFrom: '09:00',
  hoursTo: '17:00',
};

/** Values as lists, so that a template can ask whether one is ticked. */
export const withLists = (form: Form): Form => ({
  ...form,
  ...Object.fromEntries(
    [
      'legislatures',
      'chambers',
      'parties',
      'areas',
      'committees',
      'groups',
      'roles',
      'countries',
      'locales',
      'channels',
      'days',
    ].map((name) => [name, list(form[name])]),
  ),
});

/** What the schema says of nested fields, beside the fields of the form. */
export const atFields = (errors: FieldError[]): FieldError[] =>
  errors.map((error) => {
    const [, name, index, end] = /^pace\.(\w+)(?:\.(\d+))?(?:\.(\w+))?$/.exec(error.field) ?? [];
    if (!name) return error;
    return { ...error, field: name === 'hours' && index ? (end === 'to' ? 'hoursTo' : 'hoursFrom') : name };
  });
