/** What was last told of a petition's countries, and what it is reckoned from. Exact figures: never shown as they are. */
export interface Told {
  /** Signatures and withdrawals logged by then. */
  signed: number;
  withdrawn: number;
  /** Of each country, the exact count when its figure last moved: also where that is too few to be shown. */
  cells: Record<string, number>;
}

export const nothingTold: Told = { signed: 0, withdrawn: 0, cells: {} };

export interface Now {
  signed: number;
  withdrawn: number;
  counts: Record<string, number>;
}

/**
 * The next answer after one that was given. Nothing changes before a step more people signed than then, or a step more
 * withdrew, and the figure of a country moves only when its count has moved by a step since it last did: so
 * nobody who compares two answers, knowing the exact total of any moment, learns the country of fewer than a step.
 * @param step SMALL_CELLS: fewer people than this are never told apart in public
 * @returns the very object that was given, if the answer stays
 */
export function nextTold(told: Told, now: Now, step: number): Told {
  const came = Math.max(now.signed - told.signed, now.withdrawn - told.withdrawn);
  if (came < step) return told;
  const countries = new Set([...Object.keys(told.cells), ...Object.keys(now.counts)]);
  const cells = [...countries].map((country): [string, number] => {
    const [was, is] = [told.cells[country] ?? 0, now.counts[country] ?? 0];
    return [country, Math.abs(is - was) < step ? was : is];
  });
  return {
    signed: now.signed,
    withdrawn: now.withdrawn,
    cells: Object.fromEntries(cells.filter(([, count]) => count !== 0)),
  };
}

/** As it is shown: rounded down to steps, in the order of the codes, without countries of fewer. */
export const shownOf = ({ cells }: Told, step: number): { key: string; count: number }[] =>
  Object.entries(cells)
    .filter(([, count]) => count >= step)
    .map(([key, count]) => ({ key, count: Math.floor(count / step) * step }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
