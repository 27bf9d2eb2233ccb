import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Petitions } from '../petitions/petitions.service.js';
import { Limits } from '../site/limits.service.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { normalForm } from '../vault/normal-form.js';
import { Vault } from '../vault/vault.service.js';
import type { FoundSignature } from './moderation.schema.js';

interface Row {
  signature: boolean;
  day: string;
  text_version: number;
  locale: string;
  erased: boolean;
  logged: boolean;
  out: boolean;
}

/** Answers somebody who asks whether she is counted: one address at a time, by its keyed digest. Nothing of the address is kept. */
@Injectable()
export class SignatureSearches {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly vault: Vault,
    private readonly limits: Limits,
    private readonly audit: AuditService,
  ) {}

  /**
   * The audit log says that somebody searched in this petition, before there is an answer; not for whom.
   * @throws Problem not-found, too-many
   */
  async find(slug: string, email: string, actor: Actor): Promise<FoundSignature> {
    const { id } = await this.petitions.find(slug);
    this.limits.checkOf('signature-search', ownerOf(actor));
    await this.database.transaction((tx) =>
      this.audit.record(tx, { actor, action: 'signatures.searched', subject: slug }),
    );
    const [row]: Row[] = await this.database.query(
      `SELECT true AS signature, (s.confirmed_hour AT TIME ZONE 'UTC')::date::text AS day, s.text_version, s.locale,
         s.box IS NULL AS erased, p.signature_id IS NOT NULL AS logged, i.signature_id IS NOT NULL AS out
       FROM signatures s
       LEFT JOIN log_positions p ON p.petition_id = s.petition_id AND p.signature_id = s.id
       LEFT JOIN invalidated i ON i.petition_id = s.petition_id AND i.signature_id = s.id
       WHERE s.petition_id = $1 AND s.identity = $2
       UNION ALL
       SELECT false, (withdrawn_at AT TIME ZONE 'UTC')::date::text, 0, '', false, false, false
       FROM withdrawals WHERE petition_id = $1 AND identity = $2
       ORDER BY signature DESC LIMIT 1`,
      [id, this.vault.identity(id, normalForm(email)!)],
    );
    return {
      petition: slug,
      state: stateOf(row),
      day: row && !row.erased ? row.day : null,
      textVersion: row?.text_version || null,
      locale: row?.locale || null,
      erased: row?.erased ?? false,
    };
  }
}

function stateOf(row: Row | undefined): FoundSignature['state'] {
  if (!row) return 'none';
  if (!row.signature) return 'withdrawn';
  if (row.out) return 'invalidated';
  return row.logged ? 'counted' : 'waiting';
}
