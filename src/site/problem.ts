import { HttpException } from '@nestjs/common';
import { defaultLocale, translate } from './languages.js';
import { type Refusal, refusals, type RefusalValues } from './refusals.js';

export interface FieldError {
  field: string;
  /** Ends the key of a message, `error.<code>`. */
  code: string;
  message: string;
  /** What was found there, if that helps. */
  found?: string;
  /** The least or the most that is taken, and of what. */
  limit?: number;
  unit?: 'characters' | 'entries' | 'number';
}

/** The one table of problems: code -> status and title (RFC 9457). */
const table = {
  'bad-request': [400, 'The request cannot be read'],
  unauthenticated: [401, 'Sign in first'],
  forbidden: [403, 'You may not do this'],
  'proof-needed': [403, 'Very many people are signing: a little work is needed first'],
  'bad-csrf': [403, 'The form is out of date: open the page again'],
  'not-found': [404, 'There is nothing here'],
  'wrong-state': [409, 'This is not possible in the present state'],
  conflict: [409, 'Somebody else has changed this in the meantime'],
  gone: [410, 'This link has expired or was used'],
  'too-large': [413, 'This is too large'],
  'unsupported-type': [415, 'This kind of content is not understood'],
  invalid: [422, 'Some fields need attention'],
  'too-many': [429, 'Too many requests: try again later'],
  'not-implemented': [501, 'This is not offered here'],
  internal: [500, 'Something went wrong on our side'],
  paused: [503, 'This is paused for the moment'],
  unavailable: [503, 'Not ready: try again in a moment'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof table;
export const problemCodes = Object.keys(table) as ProblemCode[];

/** These say too little alone: they come from the table of refusals, with a reason. */
type Reasoned = 'wrong-state' | 'conflict' | 'gone' | 'forbidden' | 'paused';

export interface ProblemDetails {
  type: string;
  status: number;
  title: string;
  code: ProblemCode;
  detail?: string;
  errors?: FieldError[];
  /** With `proof-needed`: what has to be solved (ALTCHA). */
  challenge?: object;
}

interface Reason {
  key: Refusal;
  values: RefusalValues;
}

/**
 * A refusal that tells the visitor what is wrong. Thrown by services and doors, answered by `ProblemFilter` alone. Only
 * `problems` makes one, so that none goes without the words it needs.
 */
export abstract class Problem extends HttpException {
  readonly details: ProblemDetails;

  constructor(
    readonly code: ProblemCode,
    extra: Pick<ProblemDetails, 'detail' | 'errors' | 'challenge'> = {},
    /** Seconds for a Retry-After header. */
    readonly retryAfter?: number,
    /** For pages, which say it in their own language. */
    readonly reason?: Reason,
  ) {
    const [status, title] = table[code];
    const details = { type: 'about:blank', status, title, code, ...extra };
    super(details, status);
    this.details = details;
  }
}

class Made extends Problem {}

/** A detail that is written out here is for programs alone: pages say what `problem.<code>-text` says. */
export const problems = {
  /** @param values what fills the sentence of this key */
  refusal: (key: Refusal, values: RefusalValues = {}): Problem => {
    const detail = translate(defaultLocale, `refusal.${key}`, values);
    // What is paused somebody turned off; nobody knows for how long.
    return new Made(refusals[key], { detail }, refusals[key] === 'paused' ? 300 : undefined, { key, values });
  },
  notFound: (detail?: string) => new Made('not-found', { detail }),
  unauthenticated: (detail: string) => new Made('unauthenticated', { detail }),
  badRequest: (detail: string) => new Made('bad-request', { detail }),
  badCsrf: () => new Made('bad-csrf'),
  tooLarge: () => new Made('too-large'),
  unavailable: () => new Made('unavailable'),
  invalid: (errors: FieldError[]) => new Made('invalid', { errors }),
  notImplemented: (detail: string) => new Made('not-implemented', { detail }),
  proofNeeded: (challenge: object) => new Made('proof-needed', { challenge }),
  tooMany: (retryAfter: number) => new Made('too-many', {}, retryAfter),
};

const byStatus: Record<number, Exclude<ProblemCode, Reasoned>> = {
  400: 'bad-request',
  401: 'unauthenticated',
  404: 'not-found',
  405: 'not-found',
  413: 'too-large',
  415: 'unsupported-type',
  422: 'invalid',
  429: 'too-many',
  503: 'unavailable',
};

/** What PostgreSQL says of NUL in a text and in JSON. Schemas refuse it beside the field where they can; nothing was written. */
const holdsNul = new Set(['22021', '22P05']);

/** The problem for anything that was thrown, by us, by Nest or by Fastify; what nobody foresaw is `internal`. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (holdsNul.has((error as { code?: string } | null)?.code ?? ''))
    return problems.badRequest('A field holds a character that cannot be kept (NUL).');
  const status =
    error instanceof HttpException ? error.getStatus() : ((error as { statusCode?: number } | null)?.statusCode ?? 500);
  if (status === 403) return problems.refusal('lacks-right');
  return new Made(byStatus[status] ?? (status >= 400 && status < 500 ? 'bad-request' : 'internal'));
}
