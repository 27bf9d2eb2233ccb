import { Injectable, ParseUUIDPipe, type PipeTransform, StandardSchemaValidationPipe } from '@nestjs/common';
import { isLocale, type Locale } from './languages.js';
import { type FieldError, problems } from './problem.js';

/** `:locale` of an address; another language is a page that does not exist. */
@Injectable()
export class LocalePipe implements PipeTransform<string, Locale> {
  transform(value: string): Locale {
    if (!isLocale(value)) throw problems.notFound();
    return value;
  }
}

/** An id of an address; what is none is a page that does not exist. */
export const uuid = new ParseUUIDPipe({ exceptionFactory: () => problems.notFound() });

type Issue = {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[];
  code?: string;
  params?: Pick<FieldError, 'found' | 'limit' | 'unit'>;
  /** Of zod's `too_big` and `too_small`. */
  origin?: string;
  maximum?: number | bigint;
  minimum?: number | bigint;
};

const units: Record<string, FieldError['unit']> = {
  ...{ string: 'characters', array: 'entries', set: 'entries', number: 'number', int: 'number' },
};

/** How much would have been right. */
function boundOf({ origin = '', maximum, minimum }: Issue): Pick<FieldError, 'limit' | 'unit'> {
  const limit = maximum ?? minimum;
  return limit !== undefined && units[origin] ? { limit: Number(limit), unit: units[origin] } : {};
}

/** What a schema found, as errors beside fields. A schema's own message that is a single word is taken as the code. */
export const fieldErrors = (issues: readonly Issue[]): FieldError[] => {
  const errors = issues.map((issue) => ({
    field: (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    code: /^[a-z][a-zA-Z-]*$/.test(issue.message) ? issue.message : (issue.code ?? 'invalid'),
    message: issue.message,
    ...boundOf(issue),
    ...issue.params,
  }));
  // What is empty is also too short and no address: the first thing wrong with a field says enough, unless it tells what.
  // Kept by key: a body may hold thousands of wrong entries.
  const first = new Map<string, FieldError>();
  for (const error of errors) {
    const key = JSON.stringify([error.field, error.found]);
    if (!first.has(key)) first.set(key, error);
  }
  return [...first.values()];
};

/** Validates whatever a door declares with `{ schema }`, and refuses with the list of wrong fields. */
export const validation = () =>
  new StandardSchemaValidationPipe({ exceptionFactory: (issues) => problems.invalid(fieldErrors(issues)) });
