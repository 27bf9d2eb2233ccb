import fc from 'fast-check';
import { barsPerDay, daysInWords, linePerDay, rankedBars } from '../src/site/plots.js';
import { trendOf } from '../src/site/trend.js';

const ltr = { dir: 'ltr' } as const;
const rtl = { dir: 'rtl' } as const;
const january = (day: number) => `2026-01-${String(day).padStart(2, '0')}`;

describe('columns per day', () => {
  test('stand without gaps, and for no more than a year', () => {
    const rows = [
      { day: '2020-01-01', n: 50 },
      { day: '2026-01-01', n: 4 },
      { day: '2026-01-03', n: 2 },
    ];
    const plot = barsPerDay(rows, ['n'], ltr)!;
    expect(plot).toMatchObject({ from: '2025-01-03', until: '2026-01-03', cut: true });
    const [first, second] = plot.panels[0]!.bars;
    expect(plot.panels[0]!.bars).toHaveLength(2);
    expect(second!.x - first!.x).toBeCloseTo(2 * second!.width, 2);
    expect(second!.x + second!.width).toBeCloseTo(100, 2);
    // Measured by what is shown: a day that is cut off does not press the others down.
    expect(first!.value).toBe(4);
    expect(plot.panels[0]!.ticks.at(-1)!.value).toBeLessThan(10);
    expect(barsPerDay(rows.slice(1), ['n'], ltr)!.cut).toBe(false);
  });

  test('go on to the day that is asked for, never less far than the days do', () => {
    const rows = [{ day: january(5), n: 1 }];
    expect(barsPerDay(rows, ['n'], { ...ltr, until: january(9) })!.until).toBe(january(9));
    expect(barsPerDay(rows, ['n'], { ...ltr, until: january(2) })!.until).toBe(january(5));
  });

  test('are as high as they are many, from the base line up', () => {
    const rows = [1, 2, 4].map((n, at) => ({ day: january(at + 1), n }));
    const [panel] = barsPerDay(rows, ['n'], ltr)!.panels;
    const [one, two, four] = panel!.bars.map(({ height }) => height);
    expect([two! / one!, four! / one!]).toEqual([expect.closeTo(2, 2), expect.closeTo(4, 2)]);
    for (const bar of panel!.bars) expect(bar.y + bar.height).toBeCloseTo(panel!.base, 2);
    expect(panel!.peak).toMatchObject({ value: 4, anchor: 'middle' });
    expect(panel!.peak!.y).toBeLessThan(panel!.bars[2]!.y);
  });

  test.each([
    ['nothing', 0, [0, 1]],
    ['one', 1, [0, 1]],
    ['three', 3, [0, 1, 2, 3]],
    ['very many', 1_234_567_890, [0, 500_000_000, 1_000_000_000, 1_500_000_000]],
  ])('have whole numbers on their axis: %s', (_, n, ticks) => {
    const plot = barsPerDay([{ day: january(1), n }], ['n'], ltr)!;
    expect(plot.panels[0]!.ticks.map(({ value }) => value)).toEqual(ticks);
    expect(plot.wide).toBe(n > 9999);
    expect(plot.panels[0]!.bars).toHaveLength(n > 0 ? 1 : 0);
    for (const { y } of plot.panels[0]!.ticks) expect(y).toBeGreaterThanOrEqual(plot.panels[0]!.top);
  });

  test('of several series have a panel each, named, one under the other', () => {
    const { panels, height } = barsPerDay([{ day: january(1), a: 1, b: 900 }], ['a', 'b'], ltr)!;
    expect(panels.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(panels[0]!.title).toBeLessThan(panels[0]!.top);
    expect(panels[1]!.title).toBeGreaterThan(panels[0]!.base);
    expect(height).toBeGreaterThan(panels[1]!.base);
    expect(barsPerDay([{ day: january(1), a: 1 }], ['a'], ltr)!.panels[0]!.title).toBeNull();
  });

  test('run from the right where people read so', () => {
    const rows = [1, 2, 3].map((n) => ({ day: january(n), n }));
    const [left, right] = [barsPerDay(rows, ['n'], ltr)!, barsPerDay(rows, ['n'], rtl)!];
    right.panels[0]!.bars.forEach((bar, n) => {
      const mirrored = left.panels[0]!.bars[n]!;
      expect(bar.x + bar.width).toBeCloseTo(100 - mirrored.x, 2);
      expect(bar.y).toBe(mirrored.y);
    });
    for (const plot of [left, right]) expect(plot.panels[0]!.peak!.anchor).toBe('middle');
    const last = [1, 30].map((day) => ({ day: january(day), n: day }));
    for (const how of [ltr, rtl]) expect(barsPerDay(last, ['n'], how)!.panels[0]!.peak!.anchor).toBe('end');
    expect(left).toMatchObject({ start: 0, end: 100 });
    expect(right).toMatchObject({ start: 100, end: 0 });
  });

  test('never leave their place, whatever the numbers', () => {
    const row = fc.record({ at: fc.integer({ min: 0, max: 900 }), n: fc.integer({ min: 0, max: 2 ** 40 }) });
    const found = fc.check(
      fc.property(fc.uniqueArray(row, { selector: ({ at }) => at, minLength: 1 }), fc.boolean(), (some, turn) => {
        const rows = some
          .toSorted((a, b) => a.at - b.at)
          .map(({ at, n }) => ({ day: new Date(Date.UTC(2024, 0, 1 + at)).toISOString().slice(0, 10), n }));
        const { panels } = barsPerDay(rows, ['n'], turn ? rtl : ltr)!;
        return panels[0]!.bars.every(
          ({ x, y, width, height }) =>
            x >= -0.01 && x + width <= 100.01 && width > 0 && height >= 0 && y >= panels[0]!.top - 0.01,
        );
      }),
      { numRuns: 200 },
    );
    expect(found.counterexample).toBeNull();
  });
});

describe('a line over days', () => {
  const rows = [
    { day: january(1), total: 2 },
    { day: january(3), total: 4 },
  ];

  test('stays until it changes, and ends at the end of the last day', () => {
    const plot = linePerDay(rows, 'total', { ...ltr, until: january(4), panel: 100 })!;
    expect(plot.panels[0]!.line!.stroke).toBe('M0 100H0V50H50V0H100');
    expect(plot.panels[0]!.line!.area).toBe('M0 100H0V50H50V0H100V100Z');
    expect(linePerDay(rows, 'total', { ...rtl, until: january(4), panel: 100 })!.panels[0]!.line!.stroke).toBe(
      'M100 100H100V50H50V0H0',
    );
  });

  test('of one day is a level, and of a longer time has all of it', () => {
    const one = linePerDay([{ day: january(1), total: 1 }], 'total', { ...ltr, panel: 100 })!;
    expect(one.panels[0]!.line!.stroke).toBe('M0 100H0V0H100');
    const long = linePerDay([{ day: '2020-01-01', total: 1 }, ...rows], 'total', ltr)!;
    expect(long).toMatchObject({ from: '2020-01-01', cut: false });
  });
});

describe('ranked bars', () => {
  const rows = [60, 30, 6, 3, 1].map((value, n) => ({ name: `row ${n}`, value }));

  test('are as long as they are many, with their share of the whole', () => {
    const plot = rankedBars(rows, { ...ltr, whole: 100 })!;
    expect(plot.rows.map(({ width }) => width)).toEqual([100, 50, 10, 5, expect.closeTo(1.667, 2)]);
    expect(plot.rows.map(({ share }) => share)).toEqual([0.6, 0.3, 0.06, 0.03, 0.01]);
    expect(plot.height).toBeGreaterThan(plot.rows.at(-1)!.y);
    // The widest is a part here, and the whole there: only then is the rest of a bar the rest of the whole.
    expect(plot.whole).toBe(false);
    expect(rankedBars(rows, { ...ltr, whole: 60 })!.whole).toBe(true);
    expect(
      rankedBars(rows, { ...rtl, whole: 100 })!
        .rows.map(({ x }) => x)
        .slice(0, 2),
    ).toEqual([0, 50]);
  });

  test('put the rest together, if it is more than one', () => {
    const plot = rankedBars(rows, { ...ltr, whole: 100, most: 2 })!;
    expect(plot.rows.map(({ name, value, folded }) => [name, value, folded])).toEqual([
      ['row 0', 60, 0],
      ['row 1', 30, 0],
      [null, 10, 3],
    ]);
    expect(rankedBars(rows, { ...ltr, whole: 100, most: 4 })!.rows.map(({ name }) => name)).not.toContain(null);
  });

  test('show what is there however small, nothing where nothing is, and no share of nothing', () => {
    const plot = rankedBars(
      [
        { name: 'a', value: 10_000_000 },
        { name: 'b', value: 1 },
        { name: 'c', value: 0 },
      ],
      { ...ltr, whole: 0 },
    )!;
    expect(plot.rows.map(({ width }) => width)).toEqual([100, 0.5, 0]);
    expect(plot.rows.map(({ share }) => share)).toEqual([null, null, null]);
    expect(rankedBars([{ name: 'a', value: 0 }], { ...ltr, whole: 0 })!.rows[0]!.width).toBe(0);
  });
});

test('there is no plot of nothing', () => {
  expect(barsPerDay([], ['n'], { ...ltr, until: january(1) })).toBeNull();
  expect(linePerDay([], 'n', ltr)).toBeNull();
  expect(rankedBars([], { ...ltr, whole: 0 })).toBeNull();
});

describe('the trend', () => {
  const on = (...days: [number, number][]) => days.map(([day, n]) => ({ day: january(day), n }));
  const today = january(20);

  test.each([
    ['a week with a week', on([6, 3], [12, 2], [13, 4], [19, 1]), 5, 5, 'same'],
    ['a day that is not over does not count', on([20, 99], [19, 1]), 1, 0, 'more'],
    ['nor one before the fourteen', on([5, 99], [12, 1]), 0, 1, 'less'],
    ['nothing', on([1, 5]), 0, 0, 'none'],
    ['withdrawals may weigh more', on([10, 0], [15, -2]), -2, 0, 'less'],
  ])('compares seven full days with seven: %s', (_, rows, latest, before, way) => {
    expect(trendOf(rows, 'n', today)).toEqual({ latest, before, way });
  });

  test('comes with the sum and the fullest day, the earliest of several', () => {
    expect(daysInWords(on([1, 2], [3, 7], [5, 7]), 'n', today)).toMatchObject({
      sum: 16,
      busiest: { day: january(3), value: 7 },
    });
    expect(daysInWords(on([1, 0]), 'n', today).busiest).toBeNull();
  });
});
