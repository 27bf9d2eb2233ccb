import { applyDecorators, Header, Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Liquid } from 'liquidjs';
import { projectRoot } from '../config/root.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { actorInWords } from './actor-name.js';
import { errorInWords, fieldInWords } from './error-words.js';
import { faultInWords } from './fault-words.js';
import {
  countryName,
  defaultLocale,
  direction,
  formatCompact,
  formatDate,
  formatDateTime,
  formatNumber,
  formatPercent,
  formatShortDate,
  isolated,
  languageName,
  languageNameIn,
  type Locale,
  locales,
  translate,
  translateIsolated,
  withTerritory,
} from './languages.js';

/** Marks a method whose string is a page. */
export const Page = () => applyDecorators(Header('content-type', 'text/html; charset=utf-8'));

/** How the site presents itself, as far as staff has set it. */
export interface Dress {
  names: Partial<Record<Locale, string>>;
  /** Addresses of a style sheet with the colour, and of the logo. */
  stylesheet: string | null;
  /** The colour that was chosen and a darker one, `#rrggbb`. */
  colours: { brand: string; deep: string } | null;
  logo: { address: string; width: number; height: number } | null;
  hasImprint: boolean;
}

export const plainDress: Dress = { names: {}, stylesheet: null, colours: null, logo: null, hasImprint: false };

/** Stands in the address of a file, so that it can be kept for ever. */
export const versionOf = (content: string | Buffer): string =>
  createHash('sha256').update(content).digest('hex').slice(0, 12);

interface FilterThis {
  context: { getSync(path: string[]): unknown };
}

/** Renders the templates of templates/pages. Letters have an engine of their own, which can do much less. */
@Injectable()
export class Pages {
  private readonly liquid: Liquid;
  private readonly globals: Record<string, unknown>;
  private readonly assets = new Map<string, string>();
  private dress: () => Promise<Dress> = () => Promise.resolve(plainDress);

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {
    this.globals = {
      ...{ siteName: settings.SITE_NAME, publicUrl: settings.PUBLIC_URL, mailMode: settings.MAIL_MODE },
      smallCells: settings.SMALL_CELLS,
    };
    this.liquid = new Liquid({
      root: [join(projectRoot, 'templates/pages'), join(projectRoot, 'templates/mails')],
      extname: '.liquid',
      cache: true,
      outputEscape: 'escape',
      ownPropertyOnly: true,
      strictFilters: true,
      jsTruthy: true,
      globals: this.globals,
    });
    const filter = (name: string, apply: (locale: Locale, value: never, ...more: never[]) => unknown) =>
      this.liquid.registerFilter(name, function (this: unknown, value: unknown, ...more: unknown[]) {
        const locale = (this as FilterThis).context.getSync(['locale']) as Locale;
        return value === undefined || value === null ? '' : apply(locale, value as never, ...(more as never[]));
      });
    filter('t', (locale, key: string, ...values: [string, unknown][]) =>
      translateIsolated(locale, key, Object.fromEntries(values)),
    );
    filter('fault', faultInWords);
    filter('error', errorInWords);
    filter('field', fieldInWords);
    filter('number', (locale, value: number) => formatNumber(locale, value));
    filter('compact', (locale, value: number) => formatCompact(locale, value));
    filter('percent', (locale, share: number) => formatPercent(locale, share));
    filter('date', (locale, value: string) => formatDate(locale, value));
    filter('shortdate', (locale, value: string) => formatShortDate(locale, value));
    filter('datetime', (locale, value: string) => isolated(locale, formatDateTime(locale, value)));
    filter('country', (locale, code: string) => countryName(locale, code) ?? code);
    filter('actor', (locale, name: string) => actorInWords(locale, name));
    filter('language', (locale, code: string) => languageNameIn(locale, code));
    filter('direction', (_, code: string) => direction(code));
    filter('territory', (_, code: Locale) => withTerritory(code));
    filter('asset', (_, name: string) => this.asset(name));
  }

  /** Who knows how the site presents itself. @param dress never throws: also the page that explains an error is dressed */
  dressedBy(dress: () => Promise<Dress>): void {
    this.dress = dress;
  }

  async siteName(locale: Locale): Promise<string> {
    return (await this.dress()).names[locale] ?? this.settings.SITE_NAME;
  }

  /** Those of the site. @returns null where nobody chose a colour */
  async colours(): Promise<Dress['colours']> {
    return (await this.dress()).colours;
  }

  /**
   * @param template name of a file in templates/pages, without its ending
   * @param context plain JSON only: Liquid would call functions
   */
  async render(template: string, locale: Locale, context: Record<string, unknown> = {}): Promise<string> {
    const path = typeof context.path === 'string' ? context.path : '';
    // A partial that is rendered (not included) sees the globals and what it is given, nothing else. There, `dir` is the
    // direction of what it is about: that of the page goes by another name.
    const dress = await this.dress();
    const siteName = dress.names[locale] ?? this.settings.SITE_NAME;
    const everywhere = { locale, pageDir: direction(locale), csrf: context.csrf, siteName, dress };
    const alternates = locales.map((each) => ({
      locale: each,
      label: languageName(each),
      href: `/${each}${path}`,
    }));
    // For readers of no language of ours: the first address looks at their browser, the others cannot.
    const written = (context.petition as { locales?: string[] } | undefined)?.locales ?? locales;
    const xDefault = path === '' ? '' : written.includes(defaultLocale) ? defaultLocale : written[0];
    return (await this.liquid.renderFile(
      template,
      { ...context, ...everywhere, dir: everywhere.pageDir, alternates, xDefault: `/${xDefault}${path}` },
      { globals: { ...this.globals, ...everywhere } },
    )) as string;
  }

  /** A mail of templates/mails, as plain text and as HTML that says the same. @param subject if it has words of its own */
  async renderMail(
    name: string,
    locale: Locale,
    context: Record<string, unknown>,
    subject = translate(locale, `mail.${name}.subject`),
  ): Promise<{ subject: string; text: string; html: string }> {
    const all = { ...context, locale, dir: direction(locale) };
    const [text, html] = await Promise.all([
      this.liquid.renderFile(`${name}.txt.liquid`, all) as Promise<string>,
      this.liquid.renderFile(`${name}.html.liquid`, all) as Promise<string>,
    ]);
    return { subject, text, html };
  }

  /** Address of a file in public/ that changes with its content, so that it can be cached for ever. */
  private asset(name: string): string {
    let address = this.assets.get(name);
    if (!address) {
      const content = readFileSync(join(projectRoot, 'public', name));
      address = `/assets/${name}?v=${versionOf(content)}`;
      this.assets.set(name, address);
    }
    return address;
  }
}
