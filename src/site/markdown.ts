import MarkdownIt from 'markdown-it';

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });

/**
 * Markdown to HTML; HTML in the text stays text, and links to scripts are no links. `[3]` becomes a link to source 3.
 * @param anchor the ids of the sources begin with it, when several texts stand on one page
 */
export const markdownToHtml = (text: string, anchor = 'source'): string =>
  markdown
    .render(text)
    .replaceAll(/\[(\d{1,3})\](?!\()/g, `<sup><a href="#${anchor}-$1" class="source-ref">[<bdi>$1</bdi>]</a></sup>`);

/** For mails and news: no pictures, which would tell a server who reads, and no numbered sources. */
const news = new MarkdownIt({ html: false, linkify: false, typographer: false }).disable('image');

export const newsToHtml = (text: string): string => news.render(text);
