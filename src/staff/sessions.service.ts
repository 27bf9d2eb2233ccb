import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Role } from './access.js';
import { hasFactor } from './has-factor.js';
import { newSecret, secretHash } from './secrets.js';

export interface LiveSession {
  id: string;
  staffId: string;
  name: string;
  email: string;
  role: Role;
  /** The cookie. */
  secret: string;
  /** She proved within the last ten minutes that it is her. */
  fresh: boolean;
  /** Her role must have a second factor (staff rule), and she has none yet. */
  owesFactor: boolean;
  /** She has a second factor. */
  hasFactor: boolean;
}

/** Sessions of staff: they end after 12 hours without a visit, or after 7 days. */
@Injectable()
export class Sessions {
  constructor(private readonly database: DataSource) {}

  /**
   * @param brought the cookie of the session that this one takes the place of
   * @returns the secret for the cookie
   */
  async begin(tx: EntityManager, staffId: string, brought = ''): Promise<string> {
    const secret = newSecret();
    // Rows that somebody else has locked are left for the next time, so that two sign-ins never wait for each other.
    await tx.query(
      `DELETE FROM sessions WHERE id IN (
         SELECT id FROM sessions
         WHERE token_hash = $1 OR created_at < now() - interval '7 days' OR seen_at < now() - interval '12 hours'
         FOR UPDATE SKIP LOCKED)`,
      [secretHash(brought)],
    );
    await tx.query(`INSERT INTO sessions (id, staff_id, token_hash) VALUES ($1, $2, $3)`, [
      uuidv7(),
      staffId,
      secretHash(secret),
    ]);
    return secret;
  }

  /** @param asVisit whether it keeps the session from ending for want of visits */
  async find(secret: string, { asVisit = true } = {}): Promise<LiveSession | null> {
    const [row] = await this.database.query(
      `SELECT s.id, s.staff_id, m.name, m.email, m.role,
         s.seen_at < now() - interval '5 minutes' AS unseen,
         s.reauthenticated_at > now() - interval '10 minutes' AS fresh,
         ${hasFactor('m.id')} AS factor,
         m.role IN ('approver', 'admin') AND EXISTS (SELECT 1 FROM staff_rules WHERE name = 'second-factor') AS ruled
       FROM sessions s JOIN staff_members m ON m.id = s.staff_id
       WHERE s.token_hash = $1 AND m.disabled_at IS NULL
         AND s.created_at > now() - interval '7 days' AND s.seen_at > now() - interval '12 hours'`,
      [secretHash(secret)],
    );
    if (!row) return null;
    if (row.unseen && asVisit) await this.database.query(`UPDATE sessions SET seen_at = now() WHERE id = $1`, [row.id]);
    const { id, staff_id: staffId, name, email, role, fresh, factor, ruled } = row;
    return { id, staffId, name, email, role, secret, fresh, hasFactor: factor, owesFactor: ruled && !factor };
  }

  async reauthenticate(id: string): Promise<void> {
    await this.database.query(`UPDATE sessions SET reauthenticated_at = now() WHERE id = $1`, [id]);
  }

  list(staffId: string): Promise<{ id: string; created_at: Date; seen_at: Date }[]> {
    return this.database.query(
      `SELECT id, created_at, seen_at FROM sessions WHERE staff_id = $1 AND created_at > now() - interval '7 days'
         AND seen_at > now() - interval '12 hours' ORDER BY seen_at DESC`,
      [staffId],
    );
  }

  /** Ends one session of this person. @returns whether there was one */
  async end(tx: EntityManager, staffId: string, id: string): Promise<boolean> {
    const [, ended] = await tx.query(`DELETE FROM sessions WHERE staff_id = $1 AND id = $2`, [staffId, id]);
    return ended > 0;
  }

  /** Ends all her sessions but this one. @returns how many */
  async endOthers(tx: EntityManager, staffId: string, id: string): Promise<number> {
    const [, ended] = await tx.query(`DELETE FROM sessions WHERE staff_id = $1 AND id <> $2`, [staffId, id]);
    return ended as number;
  }

  /** Ends all her sessions. */
  async endAll(tx: EntityManager, staffId: string): Promise<void> {
    await tx.query(`DELETE FROM sessions WHERE staff_id = $1`, [staffId]);
  }
}
