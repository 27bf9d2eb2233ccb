/**
 * Who is next, by weight, evenly mixed (smooth weighted round-robin): with weights 3 and 1, four turns in a row are A A B A.
 * When all have taken part, each has had its share exactly after as many turns as the weights sum up to, and is never one
 * turn away from it in between. Who is left out of a turn gains and loses nothing by it, so whoever comes back gets her
 * share from then on, and not what she missed.
 */
export class Shares {
  private readonly credit: Map<string, number>;

  constructor(
    private readonly weights: ReadonlyMap<string, number>,
    credit: ReadonlyMap<string, number> = new Map(),
  ) {
    this.credit = new Map(credit);
  }

  /** These names, the one whose turn it is first. */
  order(names: readonly string[]): string[] {
    return names.toSorted((a, b) => this.due(b) - this.due(a));
  }

  /** The first of these takes a turn that was for any of them. */
  take(names: readonly string[]): void {
    let sum = 0;
    for (const name of names) {
      sum += this.weight(name);
      this.credit.set(name, this.due(name));
    }
    this.credit.set(names[0]!, this.credit.get(names[0]!)! - sum);
  }

  copy(): Shares {
    return new Shares(this.weights, this.credit);
  }

  private weight = (name: string) => this.weights.get(name) ?? 1;
  private due = (name: string) => (this.credit.get(name) ?? 0) + this.weight(name);
}
