import { Injectable } from '@nestjs/common';
import { Petitions } from '../petitions/petitions.service.js';
import { type Locale, translate } from '../site/languages.js';
import { Pages } from '../site/pages.service.js';
import { type CardWords, roundedCount } from './card.js';
import { drawCard } from './card-drawing.js';

interface Card {
  /** What it shows besides the count: when that changes, it is drawn anew at once. */
  words: string;
  count: string;
  png: Promise<Buffer>;
  /** Milliseconds since 1970. */
  drawnAt: number;
}

/** However fast people sign, a card is drawn anew for its count no more often than this, in milliseconds. */
const countStays = 60_000;
const mostCards = 1000;

/** Draws the share cards and keeps them in memory: per petition and language one, whoever asks and however often. */
@Injectable()
export class Cards {
  private readonly cards = new Map<string, Card>();
  private drawing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly petitions: Petitions,
    private readonly pages: Pages,
  ) {}

  /** @returns a PNG of 1200 x 630 @throws Problem not-found */
  async png(slug: string, locale: Locale): Promise<Buffer> {
    const words = await this.words(slug, locale);
    const { count, ...rest } = words;
    const name = `${locale} ${slug}`;
    const shown = JSON.stringify(rest);
    const known = this.cards.get(name);
    if (known?.words === shown && (known.count === count || Date.now() < known.drawnAt + countStays)) return known.png;
    // One at a time: each takes a core for a moment, and many petitions may be asked for at once.
    const png = this.drawing.then(() => drawCard(words));
    this.drawing = png.catch(() => undefined);
    png.catch(() => this.cards.delete(name));
    if (this.cards.size >= mostCards) this.cards.delete(this.cards.keys().next().value!);
    this.cards.delete(name);
    this.cards.set(name, { words: shown, count, png, drawnAt: Date.now() });
    return png;
  }

  private async words(slug: string, locale: Locale): Promise<CardWords> {
    const petition = await this.petitions.find(slug);
    const text = this.petitions.text(petition, locale);
    const { n, more } = roundedCount((await this.petitions.count(petition)).count);
    return {
      ...{ locale, textLocale: text.locale, title: text.title },
      ...{ siteName: await this.pages.siteName(locale), colours: (await this.pages.colours()) ?? undefined },
      // Isolated (U+2068, U+2069), as the page does it.
      eyebrow: `${translate(locale, 'petition.to')} \u2068${text.addressee}\u2069`,
      count: more ? translate(locale, 'card.more-than', { n }) : translate(locale, 'card.count', { n }),
    };
  }
}
