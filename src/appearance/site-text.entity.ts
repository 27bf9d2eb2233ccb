import { Check, Column, Entity, PrimaryColumn } from 'typeorm';
import type { Locale } from '../site/languages.js';

/** Words about the site in one language: its name, or its imprint (Markdown). */
@Entity('site_texts')
@Check('site_texts_kind_check', `kind IN ('name', 'imprint')`)
@Check('site_texts_words_check', `words <> ''`)
export class SiteText {
  @PrimaryColumn('text')
  kind: 'name' | 'imprint';

  @PrimaryColumn('text')
  locale: Locale;

  @Column('text')
  words: string;
}
