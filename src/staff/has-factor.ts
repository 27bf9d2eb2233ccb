import type { EntityManager } from 'typeorm';
import { problems } from '../site/problem.js';

/** SQL: whether this member of staff has an authenticator app or a passkey. @param staffId an expression */
export const hasFactor = (staffId: string) =>
  `(EXISTS (SELECT 1 FROM authenticators WHERE staff_id = ${staffId} AND confirmed_at IS NOT NULL)
    OR EXISTS (SELECT 1 FROM passkeys WHERE staff_id = ${staffId}))`;

/** Whatever she signs in with is changed and used by one at a time. @throws Problem not-found */
export async function lockMember(tx: EntityManager, staffId: string): Promise<void> {
  const [row] = await tx.query(`SELECT 1 FROM staff_members WHERE id = $1 FOR UPDATE`, [staffId]);
  if (!row) throw problems.notFound();
}
