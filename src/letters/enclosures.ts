const words: Record<string, string> = {
  en: 'Enclosures',
  fa: 'پیوست‌ها',
  ar: 'المرفقات',
  fr: 'Pièces jointes',
  de: 'Anlagen',
  es: 'Anexos',
  it: 'Allegati',
};

/** The word above the list of what lies in the envelope; English where we do not know the language. */
export const enclosuresWord = (locale: string): string => words[locale.split('-')[0]!.toLowerCase()] ?? words.en!;
