import { dryRunView } from './letter-views.js';
import type { DryRunQuery } from './letters.schema.js';
import type { PlannedLetter } from './letter-plans.service.js';

/**
 * A page of a plan, after one lawmaker of it.
 * @returns with `next` null on the last page. Whoever is in the plan no more begins anew: nobody is missed by that.
 */
export function dryRunPage(plan: PlannedLetter[], { show, after }: DryRunQuery, size: number) {
  const from = after === undefined ? 0 : plan.findIndex(({ member }) => member.lawmakerId === after) + 1;
  const rest = plan
    .slice(from)
    .filter(({ excluded }) => show === 'all' || (excluded !== null) === (show === 'excluded'));
  const lawmakers = rest.slice(0, size).map(dryRunView);
  return { lawmakers, next: rest.length > size ? lawmakers.at(-1)!.lawmakerId : null };
}
