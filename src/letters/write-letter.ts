import { letterFooter, ownWordsHeading } from './footer.js';
import { compileTemplate, MissingData } from './letter-engine.js';
import { withMark } from './postscript.js';
import { letterContext, oneLine, type LetterFacts, type Recipient } from './placeholders.js';

export interface Template {
  locale: string;
  subject: string;
  body: string;
  /** Of a variant: its id. The text of a language has none. */
  id?: string;
}

/** The words one lawmaker gets, before they become a mail or a task. */
export interface WrittenLetter {
  locale: string;
  /** Null: the text of the language, not a variant. */
  variantId: string | null;
  subject: string;
  text: string;
}

/** What else decides what one lawmaker reads. */
export interface Around<Words> {
  /** Whether a wording is for her; without an answer every one is. */
  fits?: (template: Words) => boolean;
  postscript?: string | undefined;
  /** Of the supporter who writes. */
  ownWords?: string | undefined;
  /** A person says the words on the phone: without the footer, which is there to be read. */
  spoken?: boolean;
}

/** What a letter says of the petition it is tied to, in one language. */
export type FactsIn = (locale: string) => LetterFacts;

/**
 * The wording for a lawmaker: in her language as written, then without its region, then in the campaign's default; within
 * a language the first that fits.
 */
export function variantFor<Variant extends { locale: string }>(
  locale: string | null,
  variants: readonly Variant[],
  defaultLocale: string,
  fits: (variant: Variant) => boolean = () => true,
): Variant | undefined {
  const wanted = [locale, locale?.split('-')[0], defaultLocale];
  for (const each of wanted) {
    const found = variants.find((variant) => variant.locale.toLowerCase() === each?.toLowerCase() && fits(variant));
    if (found) return found;
  }
  return undefined;
}

/**
 * Compiles the texts of a campaign once and writes letters by them: the only way words come about, for the preview, the
 * test, the frozen bytes and the tasks alike.
 * @param templates variants in their order, then the texts of the languages
 * @returns a function that throws MissingData; a supporter's own words follow the campaign's text, under a heading
 */
export function letterWriter<Words extends Template>(
  templates: readonly Words[],
  defaultLocale: string,
  factsIn: FactsIn,
) {
  const compiled = templates.map(({ locale, subject, body, id }, index) => ({
    locale,
    id,
    template: templates[index]!,
    subject: compileTemplate(subject),
    body: compileTemplate(body),
    facts: factsIn(locale),
  }));
  return (
    recipient: Recipient & { locale: string | null },
    { fits = () => true, postscript, ownWords = '', spoken = false }: Around<Words> = {},
  ): WrittenLetter => {
    const variant = variantFor(recipient.locale, compiled, defaultLocale, ({ template }) => fits(template));
    if (!variant) throw new MissingData('text');
    const context = letterContext(variant.locale, recipient, variant.facts);
    const subject = oneLine(variant.subject(context));
    if (!subject) throw new MissingData('subject');
    const campaignText = variant.body(context).replace(/\r\n?/g, '\n').trim();
    const body = ownWords ? `${campaignText}\n\n${ownWordsHeading(variant.locale)}\n\n${ownWords}` : campaignText;
    // After the template has been filled: a postscript is text and nothing else.
    const after = postscript ? `\n\n${withMark(variant.locale, postscript)}` : '';
    const letter = { locale: variant.locale, variantId: variant.id ?? null, subject };
    if (spoken) return { ...letter, text: `${body}${after}\n` };
    const footer = letterFooter(variant.locale, {
      ...variant.facts,
      legislature: oneLine(recipient.legislature),
      objectionUrl: variant.facts.objectionUrl(recipient.lawmakerId),
    });
    return { ...letter, text: `${body}${after}\n\n-- \n${footer}\n` };
  };
}
