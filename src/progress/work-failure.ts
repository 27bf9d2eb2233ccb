import { Problem } from '../site/problem.js';

/** A refusal in words; null for what nobody foresaw. */
export function failureOf(error: unknown): string | null {
  if (!(error instanceof Problem) || error.code === 'internal') return null;
  const { detail, title, errors = [] } = error.details;
  return [detail ?? title, ...errors.map(({ field, message }) => `${field}: ${message}`)].join('\n');
}
