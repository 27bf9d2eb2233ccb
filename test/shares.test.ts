import { RelayRound } from '../src/mail/relay-round.js';
import { Shares } from '../src/mail/shares.js';

const shares = (weights: Record<string, number>) => new Shares(new Map(Object.entries(weights)));
const turns = (of: Shares, names: string[], n: number) =>
  Array.from({ length: n }, () => {
    const order = of.order(names);
    of.take(order);
    return order[0]!;
  });
const count = (taken: string[], name: string) => taken.filter((each) => each === name).length;

test.each<Record<string, number>>([
  { a: 1 },
  { a: 1, b: 1 },
  { a: 3, b: 1 },
  { a: 5, b: 3, c: 2 },
  { a: 100, b: 7, c: 1 },
])(
  'with the weights %j each has its share exactly after every round, and is never a turn away in between',
  (weights) => {
    const names = Object.keys(weights);
    const sum = Object.values(weights).reduce((total, weight) => total + weight);
    const taken = turns(shares(weights), names, sum * 3);
    for (const name of names) {
      for (let n = 1; n <= taken.length; n++) {
        const due = (n * weights[name]!) / sum;
        const distance = Math.abs(count(taken.slice(0, n), name) - due);
        if (n % sum === 0) expect(distance).toBe(0);
        expect(distance).toBeLessThan(1);
      }
    }
  },
);

test('mixes evenly, instead of three to one and then one to the other', () => {
  expect(turns(shares({ a: 3, b: 1 }), ['a', 'b'], 8).join('')).toBe('aabaaaba');
});

test('whoever was left out gets its share from then on, and not what it missed', () => {
  const of = shares({ a: 3, b: 1 });
  turns(of, ['a', 'b'], 5);
  expect(count(turns(of, ['b'], 1000), 'b')).toBe(1000);
  expect(count(turns(of, ['a', 'b'], 400), 'a')).toBe(300);
});

test('a round gives no relay more than it has room for, and a trial takes no turn', () => {
  const places = [
    { name: 'a', room: 1, steady: false },
    { name: 'b', room: Infinity, steady: true },
  ];
  const round = new RelayRound(shares({ a: 3, b: 1 }), places);
  expect(round.copy().next(4)).toEqual(['a', 'b', 'b', 'b']);
  expect(round.next(4)).toEqual(['a', 'b', 'b', 'b']);
  expect(round.steady).toEqual(['b']);
  expect(new RelayRound(shares({ a: 3 }), [{ ...places[0]!, room: 2 }]).next(5)).toEqual(['a', 'a']);
});
