import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { fieldErrors } from './pipes.js';
import { type FieldError, Problem } from './problem.js';

/** The fields of a form as a browser sends them. */
export type Form = Record<string, unknown>;

/** Does the work, and hands back what was refused beside a field; every other refusal goes on to the filter. */
export async function refused(work: () => Promise<unknown>): Promise<FieldError[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (error instanceof Problem && error.details.errors) return error.details.errors;
    throw error;
  }
}

/** Reads a form by its schema and does the work with it; hands back what is wrong beside its field. */
export async function submitted<T>(
  schema: z.ZodType<T>,
  form: unknown,
  work: (read: T) => Promise<unknown>,
): Promise<FieldError[]> {
  const parsed = schema.safeParse(form);
  return parsed.success ? refused(() => work(parsed.data)) : fieldErrors(parsed.error.issues);
}

/** Answers a form with the page to look at next. */
export function seeOther(reply: FastifyReply, url: string): void {
  reply.status(303).header('location', url);
}
