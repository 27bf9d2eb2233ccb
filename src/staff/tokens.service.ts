import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { problems } from '../site/problem.js';
import { type Actor, type Right, type Role, roles } from './access.js';
import { ApiToken } from './api-token.entity.js';
import { AuditService } from './audit.service.js';
import { newSecret, secretHash } from './secrets.js';
import type { NewToken } from './staff.schema.js';

const prefix = 'cs_';

/** Tokens for programs. One never has more rights than its maker has at the moment it is used. */
@Injectable()
export class Tokens {
  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
  ) {}

  /** @returns the token itself, which cannot be shown again. @throws Problem invalid for a right the maker lacks */
  async make({ name, scopes, days }: NewToken, actor: Actor): Promise<{ token: string; row: ApiToken }> {
    if (!scopes.every((scope) => actor.rights.includes(scope))) {
      throw problems.invalid([{ field: 'scopes', code: 'not-your-right', message: 'more rights than your own' }]);
    }
    const token = prefix + newSecret();
    return this.database.transaction(async (tx) => {
      const id = uuidv7();
      await tx.query(
        `INSERT INTO api_tokens (id, staff_id, name, token_hash, scopes, expires_at)
         VALUES ($1, $2, $3, $4, $5, now() + make_interval(days => $6))`,
        [id, ownerOf(actor), name, secretHash(token), scopes, days],
      );
      await this.audit.record(tx, { actor, action: 'token.made', subject: id, detail: { scopes, days } });
      return { token, row: await tx.findOneByOrFail(ApiToken, { id }) };
    });
  }

  /**
   * Who acts with this token; null if it is unknown, expired, revoked, or its maker is disabled. The name has the maker's
   * in front: a token can be called anything, also like a colleague.
   */
  async find(token: string): Promise<(Actor & { staffId: string }) | null> {
    if (!token.startsWith(prefix)) return null;
    const [row] = await this.database.query(
      `SELECT t.id, t.staff_id, m.name || ' (' || t.name || ')' AS name, t.scopes, m.role, t.last_used_on IS DISTINCT FROM current_date AS unused
       FROM api_tokens t JOIN staff_members m ON m.id = t.staff_id
       WHERE t.token_hash = $1 AND t.expires_at > now() AND t.revoked_at IS NULL AND m.disabled_at IS NULL`,
      [secretHash(token)],
    );
    if (!row) return null;
    if (row.unused)
      await this.database.query(`UPDATE api_tokens SET last_used_on = current_date WHERE id = $1`, [row.id]);
    const own: Right[] = roles[row.role as Role];
    const rights = (row.scopes as Right[]).filter((scope) => own.includes(scope));
    return { kind: 'token', id: row.id, staffId: row.staff_id, name: row.name, rights };
  }

  list(staffId: string): Promise<ApiToken[]> {
    return this.database.manager
      .createQueryBuilder(ApiToken, 'token')
      .where('token.staff_id = :staffId AND token.revoked_at IS NULL AND token.expires_at > now()', { staffId })
      .orderBy('token.created_at', 'DESC')
      .getMany();
  }

  /** @throws Problem not-found for somebody else's token */
  async revoke(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [revoked] = await tx.query(
        `UPDATE api_tokens SET revoked_at = now() WHERE id = $1 AND staff_id = $2 AND revoked_at IS NULL RETURNING id`,
        [id, ownerOf(actor)],
      );
      if (revoked.length === 0) throw problems.notFound();
      await this.audit.record(tx, { actor, action: 'token.revoked', subject: id });
    });
  }

  /** Revokes all she made. */
  async revokeAll(tx: EntityManager, staffId: string): Promise<void> {
    await tx.query(`UPDATE api_tokens SET revoked_at = now() WHERE staff_id = $1 AND revoked_at IS NULL`, [staffId]);
  }
}

/** The member of staff behind an actor. */
export const ownerOf = (actor: Actor & { staffId?: string }): string => actor.staffId ?? actor.id;
