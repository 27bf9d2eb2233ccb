import { channels } from '../lawmakers/importers/import-record.js';
import type { Audience } from '../lawmakers/lawmakers.schema.js';
import type { Form } from '../site/form-answers.js';
import type { FieldError } from '../site/problem.js';
import type { LetterCampaignView } from './letters.schema.js';
import type { OfficeHours } from './pace.schema.js';

const list = (value: unknown): unknown[] =>
  value === undefined || value === '' ? [] : Array.isArray(value) ? value : [value];

/** The fields of the settings form as the schema takes them. What is chosen by hand is not in the form: it stays. */
export function readCampaignForm(form: Form, before?: Audience) {
  const { title, mode, petition, defaultLocale, senderName, organisation, replyTo, notBefore, notAfter } = form;
  return {
    title,
    // A form without it, such as an older script's, leaves it as it is.
    ...(mode !== undefined && { mode }),
    petition,
    defaultLocale,
    senderName,
    organisation,
    replyTo,
    notBefore,
    notAfter,
    // A form without these fields, such as an older script's, leaves them as they are.
    ...(form.timeZone !== undefined && { pace: readPace(form), forwardReplies: form.forwardReplies === 'on' }),
    ...(form.supporterTotal !== undefined && {
      digest: form.digest === 'on',
      supporterPerDay: form.supporterPerDay,
      supporterTotal: form.supporterTotal,
    }),
    audience: readAudience(form, before),
  };
}

/** Subject and body. Browsers send CRLF; the letter keeps one kind of line end, so that saving twice changes nothing. */
export const readWords = ({ subject, body }: Form) => ({
  subject,
  body: typeof body === 'string' ? body.replace(/\r\n?/g, '\n') : body,
});

/** The fields of the audience as the schema takes them. */
export function readAudience(form: Form, before?: Audience) {
  return {
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
    having: list(form.having),
    exclude: before?.exclude ?? [],
  };
}

/** What the schema allows; see OfficeHours. */
const mostHours = 6;
const hourNames = Array.from({ length: mostHours }, (_, row) => {
  const number = row === 0 ? '' : String(row + 1);
  return { fromName: `hoursFrom${number}`, toName: `hoursTo${number}`, number: row + 1 };
});

/** The hours of a form without its empty rows: emptying a row takes its hours away. */
const readHours = (form: Form): { from: unknown; to: unknown }[] =>
  hourNames
    .map(({ fromName, toName }) => ({ from: form[fromName] ?? '', to: form[toName] ?? '' }))
    .filter(({ from, to }) => from !== '' || to !== '');

/** The rows a form shows: those that are filled and an empty one, so that hours can be added without JavaScript. */
const hourRows = (hours: { from: unknown; to: unknown }[]) =>
  hourNames.slice(0, hours.length + 1).map((names, row) => ({ ...names, from: '', to: '', ...hours[row] }));

/** Time zone, days, hours and holidays as the schema takes them. */
export function readOfficeHours(form: Form) {
  const hours = readHours(form);
  return {
    timeZone: form.timeZone || undefined,
    days: list(form.days),
    hours: hours.length > 0 ? hours : undefined,
    holidays: String(form.holidays ?? '')
      .split(/[\s,،]+/)
      .filter(Boolean),
  };
}

const readPace = (form: Form) => ({
  ...readOfficeHours(form),
  perHour: form.perHour,
  perDay: form.perDay,
  spread: form.spread,
});

/** A calendar as values for a form. */
export const officeHoursForm = (calendar: OfficeHours): Form => ({
  ...calendar,
  days: calendar.days.map(String),
  hourRows: hourRows(calendar.hours),
  holidays: calendar.holidays.join('\n'),
});

/** A campaign as values for the settings form; datetime-local fields take no zone. */
export const campaignForm = (campaign: LetterCampaignView): Form => ({
  ...campaign,
  ...campaign.audience,
  notBefore: campaign.notBefore?.slice(0, 16),
  notAfter: campaign.notAfter?.slice(0, 16),
  ...campaign.pace,
  ...officeHoursForm(campaign.pace),
});

export const emptyCampaignForm: Form = {
  mode: 'organisation',
  supporterPerDay: '10',
  supporterTotal: '10',
  channels: [...channels],
  defaultLocale: 'en',
  timeZone: 'UTC',
  days: ['1', '2', '3', '4', '5'],
  hourRows: hourRows([{ from: '09:00', to: '17:00' }]),
};

/** Values as lists, so that a template can ask whether one is ticked; and the rows of hours, closed up like those read. */
export const withLists = (form: Form): Form => ({
  ...form,
  hourRows: hourRows(readHours(form)),
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
      'having',
      'days',
    ].map((name) => [name, list(form[name])]),
  ),
});

/** What the schema says of nested fields, beside the fields of the form. */
export const atFields = (errors: FieldError[]): FieldError[] =>
  errors.map((error) => {
    const [, name, index, end] = /^pace\.(\w+)(?:\.(\d+))?(?:\.(\w+))?$/.exec(error.field) ?? [];
    if (!name) return error;
    const row = name === 'hours' && index ? hourNames[Number(index)] : undefined;
    return { ...error, field: row ? (end === 'to' ? row.toName : row.fromName) : name };
  });
