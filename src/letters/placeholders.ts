import { formatDate, formatNumber } from '../site/languages.js';
import type { Plain } from './letter-engine.js';
import { salutation } from './salutation.js';

/** A lawmaker as a letter sees her. */
export interface Recipient {
  lawmakerId: string;
  name: string;
  honorific: string | null;
  familyName: string | null;
  role: string | null;
  gender: string | null;
  party: string | null;
  chamber: string | null;
  area: string | null;
  legislature: string | null;
}

/** What all letters of a campaign share in one language. */
export interface LetterFacts {
  senderName: string;
  organisation: string;
  replyTo: string;
  /** Of a supporter's letter: where the organisation takes objections. She herself is the sender then. */
  organisationAddress?: string;
  datedAt: Date;
  petition: { title: string; count: number; countedAt: Date; url: string } | null;
  /** The link by which a lawmaker's office stops all further letters. */
  objectionUrl: (lawmakerId: string) => string | null;
}

/** Every placeholder there is, in the order the help lists them. */
export const placeholders = [
  'salutation',
  'lawmaker.name',
  'lawmaker.family_name',
  'lawmaker.honorific',
  'lawmaker.role',
  'lawmaker.gender',
  'lawmaker.party',
  'lawmaker.chamber',
  'lawmaker.area',
  'lawmaker.legislature',
  'sender.name',
  'sender.organisation',
  'sender.reply_to',
  'date',
] as const;

/** Only for campaigns that are tied to a petition. */
export const petitionPlaceholders = [
  'petition.title',
  'petition.count',
  'petition.count_date',
  'petition.url',
] as const;

/**
 * The data a template is filled with: strings on one line each, so that no name can begin a header or a paragraph of its
 * own. What is not known is left out: the engine then refuses a letter that cannot do without it.
 */
export function letterContext(locale: string, recipient: Recipient, facts: LetterFacts): Record<string, Plain> {
  const { petition } = facts;
  const person = {
    name: oneLine(recipient.name) ?? '',
    honorific: oneLine(recipient.honorific),
    familyName: oneLine(recipient.familyName),
    role: oneLine(recipient.role),
    gender: oneLine(recipient.gender),
  };
  return {
    salutation: salutation(locale, person),
    lawmaker: known({
      name: person.name,
      family_name: person.familyName,
      honorific: person.honorific,
      role: person.role,
      gender: person.gender,
      party: oneLine(recipient.party),
      chamber: oneLine(recipient.chamber),
      area: oneLine(recipient.area),
      legislature: oneLine(recipient.legislature),
    }),
    sender: known({
      name: oneLine(facts.senderName),
      organisation: oneLine(facts.organisation),
      reply_to: oneLine(facts.replyTo),
    }),
    ...(petition && {
      petition: {
        title: oneLine(petition.title) ?? '',
        count: formatNumber(locale, petition.count),
        count_date: formatDate(locale, petition.countedAt),
        url: petition.url,
      },
    }),
    date: formatDate(locale, facts.datedAt),
  };
}

/** Control characters, line breaks of every kind and invisible direction overrides become a space; null if nothing is left. */
export function oneLine(text: string | null): string | null {
  const cleaned = text
    ?.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  return cleaned || null;
}

function known(fields: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((field): field is [string, string] => field[1] !== null));
}
