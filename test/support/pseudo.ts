const longer: Record<string, string> = {
  ...{ a: 'áá', e: 'éé', i: 'íí', o: 'óó', u: 'úú', A: 'Áá', E: 'Éé', I: 'Íí', O: 'Óó', U: 'Úú' },
  ...{ c: 'ç', n: 'ñ', s: 'š', y: 'ý', z: 'ž', C: 'Ç', N: 'Ñ', S: 'Š', Y: 'Ý', Z: 'Ž' },
};

/**
 * A message as a language would have it that needs two fifths more room than English and has marks above its letters.
 * The brackets show where it begins and ends. Placeholders and what ICU reads stay.
 */
export function pseudo(message: string): string {
  let depth = 0;
  const words = [...message].map((letter) => {
    if (letter === '{') depth += 1;
    if (letter === '}') depth -= 1;
    return depth % 2 === 0 ? (longer[letter] ?? letter) : letter;
  });
  return `⟦${words.join('')}⟧`;
}
