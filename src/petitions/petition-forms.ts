import type { z } from 'zod';
import type { Form } from '../site/form-answers.js';
import { sourcesReferredTo, withoutSource } from '../site/markdown.js';
import { fieldErrors } from '../site/pipes.js';
import type { FieldError } from '../site/problem.js';
import { NamedPerson, personStates, type PetitionWords, Source } from './petition-words.schema.js';

/** The lists of a text, with the fields of one row. In a form the third web address is `sources-2-url`. */
export const lists = {
  sources: ['title', 'url', 'date'],
  persons: ['name', 'state', 'status', 'asOf', 'source'],
  timeline: ['date', 'text'],
} as const;
export type ListName = keyof typeof lists;
const listNames = Object.keys(lists) as ListName[];

type Row = Record<string, string>;
/** The rows of each list as they stand in a form, empty ones too. */
export type Rows = Record<ListName, Row[]>;

/** What is wrong in a form; in a list with the row, from 1, and the part of it. */
export interface FormError extends FieldError {
  list?: ListName;
  row?: number;
  part?: string;
}

const most = 200;
const text = (value: unknown) => (typeof value === 'string' ? value : '');
const isBlank = (row: Row) => Object.values(row).every((value) => value.trim() === '');

/** The rows of the lists, whatever their numbers in the form, in that order. */
export function rowsOf(form: Form): Rows {
  return Object.fromEntries(listNames.map((name) => [name, rowsOfList(form, name)])) as Rows;
}

function rowsOfList(form: Form, name: ListName): Row[] {
  const field = new RegExp(`^${name}-(\\d{1,3})-`);
  const numbers = Object.keys(form).flatMap((key) => field.exec(key)?.[1] ?? []);
  return [...new Set(numbers)]
    .toSorted((a, b) => Number(a) - Number(b))
    .map((number) => Object.fromEntries(lists[name].map((part) => [part, text(form[`${name}-${number}-${part}`])])));
}

/** The words in a form, as the schema takes them: rows and parts in which nothing was typed are left out. */
export function readWords(form: Form): Record<string, unknown> {
  const { title, ask, addressee, body, reason, previousSha256, originalSha256 } = form;
  const items = Object.entries(rowsOf(form)).map(([name, rows]) => [
    name,
    rows
      .filter((row) => !isBlank(row))
      .map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value.trim() !== ''))),
  ]);
  return { title, ask, addressee, body, reason, previousSha256, originalSha256, ...Object.fromEntries(items) };
}

/** The errors of the schema, beside the fields of the form. `texts.fa.sources.0.url` is about the first row that is not empty. */
export function wordErrors(error: z.ZodError, form: Form): FormError[] {
  const rows = rowsOf(form);
  return fieldErrors(error.issues).map((each) => {
    const [field, index, part] = each.field.replace(/^texts\.\w+\./, '').split('.') as [string, string?, string?];
    if (index === undefined || !part || !(field in lists)) return { ...each, field };
    const list = field as ListName;
    const filled = rows[list].flatMap((row, at) => (isBlank(row) ? [] : [at]));
    const at = filled[Number(index)]!;
    return { ...each, field: `${list}-${at}-${part}`, list, row: at + 1, part };
  });
}

/**
 * What a button of a list does to the form: `add-sources`, `remove-sources-2`. A source to which the text refers stays;
 * references to those behind the removed one follow them.
 * @returns null if the button is of another kind
 */
export function changeRows(form: Form): { values: Form; errors: FormError[] } | null {
  const [, add, remove, at] =
    /^(?:add-(sources|persons|timeline)|remove-(sources|persons|timeline)-(\d{1,3}))$/.exec(text(form.step)) ?? [];
  if (!add && !remove) return null;
  const list = (add ?? remove) as ListName;
  const rows = rowsOf(form);
  const refuse = (code: string): FormError[] => [{ field: list, code, message: code }];
  if (add) {
    if (rows[list].length >= most) {
      return { values: form, errors: [{ ...refuse('too-long')[0]!, limit: most, unit: 'entries' }] };
    }
    rows[list].push(Object.fromEntries(lists[list].map((part) => [part, ''])));
    return { values: withRows(form, rows), errors: [] };
  }
  // Empty rows have no number: a text refers to those that are filled.
  const number = isBlank(rows[list][Number(at)] ?? {})
    ? null
    : rows[list].slice(0, Number(at)).filter((row) => !isBlank(row)).length + 1;
  const isSource = list === 'sources' && number !== null;
  if (isSource && sourcesReferredTo(text(form.body)).includes(number)) {
    return { values: form, errors: [{ ...refuse('source-in-use')[0]!, found: `[${number}]` }] };
  }
  rows[list].splice(Number(at), 1);
  const body = isSource ? withoutSource(text(form.body), number) : form.body;
  return { values: { ...withRows(form, rows), body }, errors: [] };
}

/** The form with these rows and no others, numbered anew. */
function withRows(form: Form, rows: Rows): Form {
  const others = Object.entries(form).filter(([name]) => !/^(sources|persons|timeline)-\d/.test(name));
  return { ...Object.fromEntries(others), ...fieldsOf(rows) };
}

const fieldsOf = (rows: Record<ListName, Partial<Row>[]>): Form =>
  Object.fromEntries(
    listNames.flatMap((name) =>
      rows[name].flatMap((row, at) => lists[name].map((part) => [`${name}-${at}-${part}`, row[part] ?? ''])),
    ),
  );

/** Words as values for the form. */
export function wordForm({ sources, persons, timeline, ...words }: PetitionWords): Form {
  return { ...words, ...fieldsOf({ sources, persons, timeline }) };
}

/** The words in a form as a page may show them: what is not (yet) fit for a link or a calendar is left out. */
export function previewWords(form: Form) {
  const rows = rowsOf(form);
  const filled = (name: ListName) => rows[name].filter((row) => !isBlank(row));
  const { title, ask, addressee, body } = form;
  return {
    ...{ title: text(title), ask: text(ask), addressee: text(addressee), body: text(body).slice(0, 50_000) },
    sources: filled('sources').map(({ title: name, url, date }) => ({
      ...{ title: name || url, date },
      url: isWebAddress(url!) ? url : null,
    })),
    persons: filled('persons').map((row) => ({
      ...row,
      state: isState(row.state) ? row.state : null,
      asOf: isDay(row.asOf!) ? row.asOf : null,
    })),
    timeline: filled('timeline'),
  };
}

const isWebAddress = (value: string) => value !== '' && Source.shape.url.safeParse(value).success;
const isDay = (value: string) => NamedPerson.shape.asOf.safeParse(value).success;
const isState = (value: unknown) => (personStates as readonly unknown[]).includes(value);
