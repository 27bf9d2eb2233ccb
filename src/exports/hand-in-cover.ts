import { Inject, Injectable } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../config/root.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { PetitionText } from '../petitions/petition-text.entity.js';
import { direction, type Locale } from '../site/languages.js';
import { markdownToHtml } from '../site/markdown.js';
import { Pages } from '../site/pages.service.js';
import { qrCode } from '../site/qr.js';
import type { HandInCounts } from './hand-in-counts.js';

/** The letters of Persian and Arabic, as base64: a system's own may lack some, or draw other digits. */
let font: string | undefined;
const readFont = () => (font ??= readFileSync(join(projectRoot, 'public/fonts/vazirmatn-arabic.woff2'), 'base64'));

interface About {
  startedBy: string;
  vkey: string;
  /** Signatures on paper, which are no part of the log. */
  paper: number;
}

/** The pages of a hand-in for people: a sheet to print and put on top, and what to do with the rest. */
@Injectable()
export class HandInCover {
  constructor(
    private readonly pages: Pages,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** One file of HTML that needs no other. */
  cover(locale: Locale, text: PetitionText, counts: HandInCounts, about: About) {
    const verifyUrl = this.verifyUrl(locale, counts);
    return this.pages.render('hand-in-cover', locale, {
      ...{ counts, verifyUrl, qr: qrCode(verifyUrl), ...about },
      font: [locale, text.locale].some((each) => direction(each) === 'rtl') ? readFont() : null,
      petition: {
        ...{
          title: text.title,
          ask: text.ask,
          addressee: text.addressee,
          bodyHtml: markdownToHtml(text.body, text.locale),
        },
        ...{ sources: text.sources, persons: text.persons, timeline: text.timeline },
        ...{ textLocale: text.locale, textDir: direction(text.locale), textVersion: text.version },
        sha256: text.sha256.toString('hex'),
      },
    });
  }

  /** Plain text. */
  readme(locale: Locale, text: PetitionText, counts: HandInCounts, { vkey, paper }: About) {
    const context = { title: text.title, counts, vkey, paper, verifyUrl: this.verifyUrl(locale, counts) };
    return this.pages.render('hand-in-readme', locale, context);
  }

  private verifyUrl = (locale: Locale, { petition }: HandInCounts) =>
    `${this.settings.PUBLIC_URL}/${locale}/p/${petition}/verify`;
}
