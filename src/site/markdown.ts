import MarkdownIt from 'markdown-it';
import { formatNumber } from './languages.js';

// A picture from elsewhere would tell its server who reads the page.
const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false }).disable('image');
const { escapeHtml } = markdown.utils;

/** `[3]` in running text, but not before something that looks like the target of a link. */
const reference = /\[(\d{1,3})\](?!\()/g;

markdown.renderer.rules.text = (tokens, at, _options, env) => {
  const { anchor, locale } = env as { anchor: string; locale: string };
  return escapeHtml(tokens[at]!.content).replaceAll(
    reference,
    (_, n: string) =>
      `<sup><a href="#${anchor}-${n}" class="source-ref">[<bdi>${formatNumber(locale, Number(n))}</bdi>]</a></sup>`,
  );
};

/**
 * Markdown to HTML; HTML in the text stays text, links to scripts are no links, and there are no pictures. `[3]` becomes a
 * link to source 3, in the digits of the language.
 * @param locale of the text
 * @param anchor the ids of the sources begin with it, when several texts stand on one page
 */
export const markdownToHtml = (text: string, locale: string, anchor = 'source'): string =>
  markdown.render(text, { anchor, locale });

/** For mails and news: no numbered sources. */
const news = new MarkdownIt({ html: false, linkify: false, typographer: false }).disable('image');

export const newsToHtml = (text: string): string => news.render(text);

/** The numbers of the sources that a text refers to, each once, in ascending order. */
export function sourcesReferredTo(text: string): number[] {
  const words = markdown
    .parse(text, {})
    .flatMap(({ children }) => children ?? [])
    .filter(({ type }) => type === 'text');
  const numbers = words.flatMap(({ content }) => Array.from(content.matchAll(reference), ([, n]) => Number(n)));
  return [...new Set(numbers)].toSorted((a, b) => a - b);
}

/** The text after source `gone` has left the list: what referred to later ones follows them. */
export const withoutSource = (text: string, gone: number): string =>
  text.replaceAll(reference, (found, n: string) => (Number(n) > gone ? `[${Number(n) - 1}]` : found));
