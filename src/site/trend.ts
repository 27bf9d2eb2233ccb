export interface Trend {
  way: 'more' | 'less' | 'same' | 'none';
  /** In the last seven days that are over, and in the seven before. */
  latest: number;
  before: number;
}

const millis = 86_400_000;

/**
 * Seven days against seven: a week against a week, whatever the weekday. Today is not over and does not count.
 * @param today `YYYY-MM-DD`
 */
export function trendOf<Name extends string>(
  rows: ({ day: string } & Record<Name, number>)[],
  name: Name,
  today: string,
): Trend {
  const sum = (from: number, until: number) =>
    rows.reduce((sum, row) => {
      const ago = (Date.parse(today) - Date.parse(row.day)) / millis;
      return ago >= from && ago <= until ? sum + row[name] : sum;
    }, 0);
  const [latest, before] = [sum(1, 7), sum(8, 14)];
  const way = latest > before ? 'more' : latest < before ? 'less' : latest === 0 ? 'none' : 'same';
  return { way, latest, before };
}
