import { letterFooter, ownWordsHeading } from './footer.js';
import { compileTemplate, MissingData } from './letter-engine.js';
import { letterContext, oneLine, type LetterFacts, type Recipient } from './placeholders.js';

export interface Template {
  locale: string;
  subject: string;
  body: string;
}

/** The words one lawmaker gets, before they become a mail or a task. */
export interface WrittenLetter {
  locale: string;
  subject: string;
  text: string;
}

/** What a letter says of the petition it is tied to, in one language. */
export type FactsIn = (locale: string) => LetterFacts;

/** The variant for a lawmaker: her language as written, then without its region, then the campaign's default. */
export function variantFor<Variant extends { locale: string }>(
  locale: string | null,
  variants: readonly Variant[],
  defaultLocale: string,
): Variant | undefined {
  const wanted = [locale, locale?.split('-')[0], defaultLocale];
  for (const each of wanted) {
    const found = variants.find((variant) => variant.locale.toLowerCase() === each?.toLowerCase());
    if (found) return found;
  }
  return undefined;
}

/**
 * Compiles the texts of a campaign once and writes letters by them: the only way words come about, for the preview, the
 * test, the frozen bytes and the tasks alike.
 * @returns a function that throws MissingData; a supporter's own words follow the campaign's text, under a heading
 */
export function letterWriter(templates: readonly Template[], defaultLocale: string, factsIn: FactsIn) {
  const compiled = templates.map(({ locale, subject, body }) => ({
    locale,
    subject: compileTemplate(subject),
    body: compileTemplate(body),
    facts: factsIn(locale),
  }));
  return (recipient: Recipient & { locale: string | null }, ownWords = ''): WrittenLetter => {
    const variant = variantFor(recipient.locale, compiled, defaultLocale);
    if (!variant) throw new MissingData('text');
    const context = letterContext(variant.locale, recipient, variant.facts);
    const subject = oneLine(variant.subject(context));
    if (!subject) throw new MissingData('subject');
    const campaignText = variant.body(context).replace(/\r\n?/g, '\n').trim();
    const body = ownWords ? `${campaignText}\n\n${ownWordsHeading(variant.locale)}\n\n${ownWords}` : campaignText;
    const footer = letterFooter(variant.locale, {
      ...variant.facts,
      legislature: oneLine(recipient.legislature),
      objectionUrl: variant.facts.objectionUrl(recipient.lawmakerId),
    });
    return { locale: variant.locale, subject, text: `${body}\n\n-- \n${footer}\n` };
  };
}
