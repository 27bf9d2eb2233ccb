import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AnswerCache } from '../site/answer-cache.js';
import { defaultLocale, type Locale, locales } from '../site/languages.js';
import { type Dress, Pages, plainDress, versionOf } from '../site/pages.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import type { Appearance, AppearanceView } from './appearance.schema.js';
import { shadesOf, styleSheet } from './colour.js';
import { type Png, readPng } from '../site/png.js';

const freshFor = 1000;
/** Of a logo: bytes, and pixels of a side. */
export const logoLimits = { bytes: 200 * 1024, side: 2000 } as const;

type Words = Partial<Record<Locale, string>>;
interface Known {
  colour: string | null;
  css: string | null;
  names: Words;
  imprint: Words;
  logo: Png | null;
  dress: Dress;
}

type AppearanceAction = `appearance.${'changed' | 'logo-changed' | 'logo-removed'}`;

/** How the site presents itself. Rows, so that it holds for every process; each looks at them again after a second. */
@Injectable()
export class Appearances {
  private known: { now: Promise<Known>; until: number } | null = null;
  private last: Dress = plainDress;

  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
    private readonly answers: AnswerCache,
    pages: Pages,
  ) {
    pages.dressedBy(async () => {
      try {
        this.last = (await this.now()).dress;
      } catch {
        // The page that says that the database is away is dressed as the one before it.
      }
      return this.last;
    });
  }

  async view(): Promise<AppearanceView> {
    const { colour, names, imprint, dress } = await this.now();
    return { colour, names, imprint, logo: dress.logo };
  }

  /** @returns null where no colour was chosen */
  async css(): Promise<string | null> {
    return (await this.now()).css;
  }

  async logo(): Promise<Png | null> {
    return (await this.now()).logo;
  }

  /** In this language; else in the first of ours that it was written in. @returns null if nobody wrote one */
  async imprint(locale: Locale): Promise<{ locale: Locale; words: string } | null> {
    const { imprint } = await this.now();
    const found = [locale, defaultLocale, ...locales].find((each) => imprint[each]);
    return found ? { locale: found, words: imprint[found]! } : null;
  }

  async change({ colour, names, imprint }: Appearance, actor: Actor): Promise<void> {
    const texts = Object.entries({ name: names, imprint }).flatMap(([kind, words]) =>
      Object.entries(words).flatMap(([locale, each]) => (each ? [{ kind, locale, words: each }] : [])),
    );
    await this.write(
      actor,
      'appearance.changed',
      { colour, words: texts.map(({ kind, locale }) => `${kind} ${locale}`) },
      [
        [
          `INSERT INTO appearance (id, colour) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET colour = excluded.colour`,
          [colour],
        ],
        [`DELETE FROM site_texts`, []],
        [
          `INSERT INTO site_texts (kind, locale, words) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])`,
          [texts.map(({ kind }) => kind), texts.map(({ locale }) => locale), texts.map(({ words }) => words)],
        ],
      ],
    );
  }

  /** @throws Problem invalid, beside the field `file`, unless it is a PNG that is small enough */
  async changeLogo(file: Uint8Array, actor: Actor): Promise<void> {
    const refuse = (code: string, message: string) => problems.invalid([{ field: 'file', code, message }]);
    if (file.length === 0) throw refuse('required', 'Choose a file.');
    if (file.length > logoLimits.bytes) throw refuse('file-too-large', 'A logo may have 200 KB.');
    const png = readPng(file);
    if (!png) throw refuse('not-a-png', 'A logo has to be a whole PNG file, by its content.');
    if (Math.max(png.width, png.height) > logoLimits.side)
      throw refuse('logo-too-wide', 'A side may have 2,000 pixels.');
    const { width, height, bytes } = png;
    await this.write(actor, 'appearance.logo-changed', { width, height }, [
      [
        `INSERT INTO appearance (id, logo, logo_width, logo_height) VALUES (1, $1, $2, $3) ON CONFLICT (id) DO UPDATE
         SET logo = excluded.logo, logo_width = excluded.logo_width, logo_height = excluded.logo_height`,
        [bytes, width, height],
      ],
    ]);
  }

  async removeLogo(actor: Actor): Promise<void> {
    await this.write(actor, 'appearance.logo-removed', {}, [
      [`UPDATE appearance SET logo = NULL, logo_width = NULL, logo_height = NULL WHERE id = 1`, []],
    ]);
  }

  private async write(
    actor: Actor,
    action: AppearanceAction,
    detail: Record<string, unknown>,
    sql: [string, unknown[]][],
  ) {
    await this.database.transaction(async (tx) => {
      // Two who save at once: the words of one, whole, and then those of the other.
      await tx.query(`LOCK TABLE site_texts IN SHARE ROW EXCLUSIVE MODE`);
      for (const [statement, values] of sql) await tx.query(statement, values);
      await this.audit.record(tx, { actor, action, subject: 'site', detail });
    });
    this.known = null;
    this.answers.expire();
  }

  private now(): Promise<Known> {
    if (!this.known || this.known.until < Date.now()) {
      const now = this.read();
      this.known = { now, until: Date.now() + freshFor };
      now.catch(() => (this.known = null));
    }
    return this.known.now;
  }

  private async read(): Promise<Known> {
    const [[row], texts] = await Promise.all([
      this.database.query<{ colour: string | null; logo: Buffer | null; width: number; height: number }[]>(
        `SELECT colour, logo, logo_width AS width, logo_height AS height FROM appearance`,
      ),
      this.database.query<{ kind: 'name' | 'imprint'; locale: Locale; words: string }[]>(
        `SELECT kind, locale, words FROM site_texts`,
      ),
    ]);
    const of = (kind: string): Words =>
      Object.fromEntries(texts.filter((text) => text.kind === kind).map(({ locale, words }) => [locale, words]));
    const [names, imprint] = [of('name'), of('imprint')];
    const colour = row?.colour ?? null;
    const css = colour && styleSheet(colour);
    const shades = colour === null ? null : shadesOf(colour);
    const logo = row?.logo ? { bytes: row.logo, width: row.width, height: row.height } : null;
    const dress: Dress = {
      names,
      stylesheet: css && `/appearance/brand.css?v=${versionOf(css)}`,
      colours: shades && { brand: shades.light.brand, deep: shades.light.brandDeep },
      logo: logo && { ...logoSize(logo), address: `/appearance/logo.png?v=${versionOf(logo.bytes)}` },
      hasImprint: Object.keys(imprint).length > 0,
    };
    return { colour, css, names, imprint, logo, dress };
  }
}

/** 26 pixels high, as the mark it takes the place of, and no wider than a phone leaves room for. */
function logoSize({ width, height }: Png): { width: number; height: number } {
  const scale = Math.min(26 / height, 160 / width);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
