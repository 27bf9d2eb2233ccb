import type { FastifyReply } from 'fastify';
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

/** Answers a form with the page to look at next. */
export function seeOther(reply: FastifyReply, url: string): void {
  reply.status(303).header('location', url);
}
