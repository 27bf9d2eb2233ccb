import type { FastifyReply } from 'fastify';
import { channels } from '../lawmakers/importers/import-record.js';
import type { Audience } from '../lawmakers/lawmakers.schema.js';
import { type FieldError, Problem } from '../site/problem.js';
import type { LetterCampaignView } from './letters.schema.js';

export type Form = Record<string, unknown>;

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
