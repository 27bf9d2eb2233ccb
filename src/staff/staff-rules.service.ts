import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Actor } from './access.js';
import { AuditService } from './audit.service.js';

/** Rules for staff. The only one: approvers and admins need a second factor, and can do nothing before they have one. */
@Injectable()
export class StaffRules {
  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditService,
  ) {}

  async demandsFactor(): Promise<boolean> {
    const [row] = await this.database.query(
      `SELECT EXISTS (SELECT 1 FROM staff_rules WHERE name = 'second-factor') AS "on"`,
    );
    return row.on as boolean;
  }

  /** It holds for sessions that are open, from their next request on. Twice is once. */
  async demandFactor(on: boolean, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const changed = on
        ? await tx.query(
            `INSERT INTO staff_rules (name) VALUES ('second-factor') ON CONFLICT (name) DO NOTHING RETURNING 1`,
          )
        : (await tx.query(`DELETE FROM staff_rules WHERE name = 'second-factor' RETURNING 1`))[0];
      if (changed.length === 0) return;
      await this.audit.record(tx, { actor, action: `staff.rule-${on ? 'on' : 'off'}`, subject: 'second-factor' });
    });
  }
}
