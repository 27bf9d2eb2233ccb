import { HttpException } from '@nestjs/common';

export interface FieldError {
  field: string;
  /** Ends the key of a message, `error.<code>`. */
  code: string;
  message: string;
  /** What was found there, if that helps. */
  found?: string;
}

/** The one table of refusals: code -> status and title (RFC 9457). */
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

/** A refusal that tells the visitor what is wrong. Thrown by services and doors, answered by `ProblemFilter` alone. */
export class Problem extends HttpException {
  readonly details: ProblemDetails;

  constructor(
    readonly code: ProblemCode,
    extra: { detail?: string; errors?: FieldError[]; challenge?: object } = {},
    /** Seconds for a Retry-After header. */
    readonly retryAfter?: number,
  ) {
    const [status, title] = table[code];
    const details = { type: 'about:blank', status, title, code, ...extra };
    super(details, status);
    this.details = details;
  }
}

export const problems = {
  notFound: (detail?: string) => new Problem('not-found', { detail }),
  forbidden: (detail?: string) => new Problem('forbidden', { detail }),
  unauthenticated: (detail?: string) => new Problem('unauthenticated', { detail }),
  wrongState: (detail: string) => new Problem('wrong-state', { detail }),
  conflict: (detail: string) => new Problem('conflict', { detail }),
  gone: (detail?: string) => new Problem('gone', { detail }),
  badRequest: (detail: string) => new Problem('bad-request', { detail }),
  invalid: (errors: FieldError[]) => new Problem('invalid', { errors }),
  notImplemented: (detail: string) => new Problem('not-implemented', { detail }),
  /** Somebody turned it off; nobody knows for how long. */
  paused: (detail: string) => new Problem('paused', { detail }, 300),
  proofNeeded: (challenge: object) => new Problem('proof-needed', { challenge }),
  tooMany: (retryAfter: number) => new Problem('too-many', {}, retryAfter),
};

const byStatus: Record<number, ProblemCode> = {
  400: 'bad-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'not-found',
  409: 'conflict',
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
  const code = byStatus[status] ?? (status >= 400 && status < 500 ? 'bad-request' : 'internal');
  return new Problem(code);
}
