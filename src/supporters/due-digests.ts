import type { EntityManager } from 'typeorm';
import type { PlannedLetter } from '../letters/letter-plans.service.js';
import { finalStates } from '../mail/mail-states.js';
import type { DigestDay } from './digest-days.js';

/** A lawmaker for whom something waits, by every record that it was written to, and the letter that would bring it. */
export interface DueDigest {
  planned: PlannedLetter & { excluded: null };
  records: string[];
  on: DigestDay;
}

/** A digest that was made before. */
interface EarlierDigest {
  lawmaker_id: string;
  contact: string;
  sender: string;
  state: string | null;
  state_at: Date | null;
}

/** Whose digest it is, by its day. */
export const senderOf = (day: string) => `digest ${day}`;

/** Those whose last digest has its answer and was of another day, each mailbox once; with the day of the last one taken. */
export async function withoutOneToday(tx: EntityManager, campaignId: string, batch: DueDigest[]) {
  const mailbox = (contact: string) => contact.toLowerCase();
  const earlier = await tx.query<EarlierDigest[]>(
    `SELECT l.lawmaker_id, lower(l.contact) AS contact, l.sender, o.state, o.state_at
     FROM letters l LEFT JOIN LATERAL (
       SELECT state, state_at FROM outbox WHERE campaign_id = l.campaign_id AND id = l.id LIMIT 1
     ) o ON true
     WHERE l.campaign_id = $1 AND l.supporters IS NOT NULL
       AND (l.lawmaker_id = ANY ($2) OR lower(l.contact) = ANY ($3))`,
    [
      campaignId,
      batch.flatMap(({ records }) => records),
      batch.map(({ planned }) => mailbox(planned.member.contactPoint!.value)),
    ],
  );
  const used = new Set<string>();
  return batch.flatMap((due) => {
    const contact = mailbox(due.planned.member.contactPoint!.value);
    const hers = earlier.filter((each) => due.records.includes(each.lawmaker_id) || each.contact === contact);
    const busy = hers.some(
      ({ state, sender }) => !finalStates.includes(state as never) || sender === senderOf(due.on.day),
    );
    if (busy || used.has(contact)) return [];
    used.add(contact);
    const taken = hers.flatMap(({ state, state_at }) => (state === 'accepted' && state_at ? [state_at.getTime()] : []));
    return [{ ...due, since: taken.length > 0 ? new Date(Math.max(...taken)).toISOString() : null }];
  });
}

/** Takes the rows of all who wrote in time and still stand by their signature. @returns their ids, by lawmaker */
export async function takeSupporters(
  tx: EntityManager,
  campaignId: string,
  due: DueDigest[],
): Promise<Map<string, string[]>> {
  const records = due.flatMap(({ records: each, on }) => each.map((id) => ({ id, before: new Date(on.before) })));
  const rows = await tx.query<{ id: string; lawmaker_id: string }[]>(
    `SELECT d.id, d.lawmaker_id FROM digest_supporters d
     JOIN unnest($2::uuid[], $3::timestamptz[]) AS due (lawmaker_id, before) ON due.lawmaker_id = d.lawmaker_id
     WHERE d.campaign_id = $1 AND d.digest_id IS NULL AND d.failed_at IS NULL AND d.written_at < due.before
       AND ${standsBy('d')}
     ORDER BY d.campaign_id, d.id FOR UPDATE OF d`,
    [campaignId, records.map(({ id }) => id), records.map(({ before }) => before)],
  );
  const byLawmaker = new Map<string, string[]>();
  for (const { id, lawmaker_id } of rows) {
    const known = byLawmaker.get(lawmaker_id);
    if (known) known.push(id);
    else byLawmaker.set(lawmaker_id, [id]);
  }
  return byLawmaker;
}

/** Letters there were cancelled: those who wait are told so. */
export async function giveUp(tx: EntityManager, campaignId: string, cancelled: DueDigest[]): Promise<void> {
  if (cancelled.length === 0) return;
  await tx.query(
    `UPDATE digest_supporters SET failed_at = now(), box = NULL
     WHERE campaign_id = $1 AND lawmaker_id = ANY ($2) AND digest_id IS NULL AND failed_at IS NULL`,
    [campaignId, cancelled.flatMap(({ records }) => records)],
  );
}

/** Her signature is there and counts. */
export const standsBy = (row: string) => `EXISTS (
  SELECT FROM signatures s WHERE s.petition_id = ${row}.petition_id AND s.id = ${row}.signature_id AND s.box IS NOT NULL
    AND NOT EXISTS (SELECT FROM invalidated i WHERE i.petition_id = s.petition_id AND i.signature_id = s.id))`;
