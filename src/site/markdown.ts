import MarkdownIt from 'markdown-it';

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });

/**
 * Markdown to HTML; HTML in the text stays text. `[3]` becomes a link to source 3 of the page.
 */
export const markdownToHtml = (text: string): string =>
  markdown
    .render(text)
    .replaceAll(/\[(\d{1,3})\](?!\()/g, '<sup><a href="#source-$1" class="source-ref">[<bdi>$1</bdi>]</a></sup>');
