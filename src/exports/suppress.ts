export interface PublicCell {
  key: string;
  /** null: fewer than SMALL_CELLS, or hidden because it would give away the only cell that has fewer. */
  count: number | null;
}

/**
 * Hides small cells of a breakdown whose total is public: a lone signer of one day could be found by them. What is hidden could be computed together from the total and the
 * rest, so the next smallest are hidden too until at least two cells and as many signatures are behind it.
 * @param smallest count that is told, SMALL_CELLS
 */
export function suppressSmall(cells: { key: string; count: number }[], smallest: number): PublicCell[] {
  const ranked = cells.toSorted((a, b) => a.count - b.count);
  const hidden = new Set<string>();
  let sum = 0;
  for (const { key, count } of ranked) {
    const enough = hidden.size === 0 || (hidden.size > 1 && sum >= smallest);
    if (count >= smallest && enough) break;
    hidden.add(key);
    sum += count;
  }
  return cells.map(({ key, count }) => ({ key, count: hidden.has(key) ? null : count }));
}
