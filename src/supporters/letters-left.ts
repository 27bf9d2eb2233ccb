import type { WholeCampaign } from '../letters/letter-campaigns.service.js';
import { problems } from '../site/problem.js';

/** Letters she may still write: in all, and of these today. */
export interface LettersLeft {
  left: number;
  leftToday: number;
}

/** Lawmakers to whom she wrote in a campaign ($1), by petition ($2) and signature ($3). */
export const writtenSql = `
  SELECT lawmaker_id, written_at > now() - interval '1 day' AS today
  FROM letters JOIN supporter_letters s USING (campaign_id, id)
  WHERE campaign_id = $1 AND s.petition_id = $2 AND s.signature_id = $3
  UNION ALL
  SELECT lawmaker_id, written_at > now() - interval '1 day'
  FROM digest_supporters WHERE campaign_id = $1 AND petition_id = $2 AND signature_id = $3`;

/** How many letters she may still write, in all and today, after those that she has written. */
export function leftOf(
  { supporterPerDay, supporterTotal }: Pick<WholeCampaign, 'supporterPerDay' | 'supporterTotal'>,
  written: { today: boolean }[],
): LettersLeft {
  const left = Math.max(supporterTotal - written.length, 0);
  return {
    left,
    leftToday: Math.min(left, Math.max(supporterPerDay - written.filter(({ today }) => today).length, 0)),
  };
}

/** @throws Problem invalid: too many in all, or only for today */
export function refuseTooMany({ left, leftToday }: LettersLeft, wanted: number): void {
  if (wanted <= leftToday) return;
  throw problems.invalid([
    leftToday < left
      ? {
          ...{ field: 'lawmakers', code: 'too-many-letters-today' },
          message: `You can write ${leftToday} more letters within 24 hours.`,
        }
      : { field: 'lawmakers', code: 'too-many-letters', message: `You can write ${left} more letters.` },
  ]);
}
