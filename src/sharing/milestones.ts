/** Numbers people tell each other, in every power of ten from a hundred on. */
const firstDigits = [1, 2.5, 5];

/** On which day the count first reached each milestone, and the goal; what was lost again by withdrawals stays reached. */
export function reached(
  days: { day: string; signed: number; withdrawn: number }[],
  goal: number | null,
): { n: number; day: string; isGoal: boolean }[] {
  const found: { n: number; day: string; isGoal: boolean }[] = [];
  const open = milestones(goal);
  let count = 0;
  for (const { day, signed, withdrawn } of days) {
    count += signed - withdrawn;
    while (open.length > 0 && open[0]! <= count) {
      const n = open.shift()!;
      found.push({ n, day, isGoal: n === goal });
    }
  }
  return found;
}

function milestones(goal: number | null): number[] {
  const all = new Set<number>(goal === null ? [] : [goal]);
  for (let power = 100; power <= 1_000_000_000; power *= 10) {
    for (const digit of firstDigits) all.add(digit * power);
  }
  return [...all].sort((a, b) => a - b);
}
