/** Cells below this are not told to the public: a lone signer from one country could be found by them. */
export const smallestPublicCell = 5;

export interface PublicCell {
  key: string;
  /** null: fewer than five, or hidden because it would give away the only cell that has fewer. */
  count: number | null;
}

/**
 * Hides small cells of a breakdown whose total is public. When only one cell is small, it could be computed from the total
 * and the rest, so the next smallest is hidden with it.
 */
export function suppressSmall(cells: { key: string; count: number }[]): PublicCell[] {
  const hidden = new Set(cells.filter(({ count }) => count < smallestPublicCell).map(({ key }) => key));
  if (hidden.size === 1) {
    const next = cells.filter(({ key }) => !hidden.has(key)).sort((a, b) => a.count - b.count)[0];
    if (next) hidden.add(next.key);
  }
  return cells.map(({ key, count }) => ({ key, count: hidden.has(key) ? null : count }));
}
