import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Petitions } from '../petitions/petitions.service.js';
import { openBox } from '../signatures/signer-box.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { domainOf, normalForm } from '../vault/normal-form.js';
import { Vault } from '../vault/vault.service.js';
import { Invalidations } from './invalidations.service.js';
import type { FlagCursor, FlagDecision, FlagGroup } from './moderation.schema.js';

const pageOfGroups = 50;

/** Signatures that wait for a person before they are logged. She sees what they have in common, never who they are. */
@Injectable()
export class Flags {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly invalidations: Invalidations,
    private readonly vault: Vault,
    private readonly audit: AuditService,
  ) {}

  /** Groups by mail domain, a page of the largest first; the domain is read from the box of one of them. @throws Problem not-found */
  async list(slug: string, after?: FlagCursor): Promise<{ flags: FlagGroup[]; next: string | null }> {
    const { id: petitionId } = await this.petitions.find(slug);
    const found: { signals: string[]; signatures: number; from: Date; to: Date; id: string; box: Buffer }[] =
      await this.database.query(
        `SELECT g.signals, g.signatures, g."from", g."to", s.id, s.box
         FROM (
           SELECT s.domain, array_agg(DISTINCT signal ORDER BY signal) AS signals, count(DISTINCT s.id)::int AS signatures,
             min(s.confirmed_hour) AS "from", max(s.confirmed_hour) AS "to", (array_agg(s.id ORDER BY s.id))[1] AS one
           FROM flags f JOIN signatures s ON s.petition_id = f.petition_id AND s.id = f.signature_id,
             unnest(f.signals) AS signal
           WHERE f.petition_id = $1 AND s.box IS NOT NULL GROUP BY s.domain
         ) AS g JOIN signatures s ON s.petition_id = $1 AND s.id = g.one
         WHERE $2::int IS NULL OR g.signatures < $2 OR (g.signatures = $2 AND s.id > $3::uuid)
         ORDER BY g.signatures DESC, s.id LIMIT ${pageOfGroups + 1}`,
        [petitionId, after?.signatures ?? null, after?.id ?? null],
      );
    const rows = found.slice(0, pageOfGroups);
    const last = rows.at(-1);
    const flags = rows.map(({ signals, signatures, from, to, id, box }) => ({
      domain: domainOf(normalForm(openBox(this.vault, petitionId, id, box).email)!),
      ...{ signals, signatures, from: from.toISOString(), to: to.toISOString() },
    }));
    return { flags, next: found.length > rows.length ? `${last!.signatures}~${last!.id}` : null };
  }

  /** How many wait, of each petition that has any. */
  async waiting(): Promise<{ petition: string; signatures: number }[]> {
    return this.database.query(
      `SELECT p.slug AS petition, count(*)::int AS signatures FROM flags JOIN petitions p ON p.id = petition_id
       GROUP BY p.slug ORDER BY 2 DESC`,
    );
  }

  /**
   * Lets the flagged signatures of a mail domain be counted, or takes them out; the latter can be undone.
   * @returns how many it was about @throws Problem not-found, wrong-state when nothing waits any more
   */
  async decide(slug: string, { domain, decision }: FlagDecision, actor: Actor): Promise<number> {
    const signatures =
      decision === 'count'
        ? await this.release(slug, domain, actor)
        : await this.invalidations.apply(
            slug,
            { rule: { domain }, flagged: true, reason: decision, note: `flagged: ${domain}` },
            actor,
          );
    if (signatures === 0) throw problems.refusal('done-already');
    return signatures;
  }

  private async release(slug: string, domain: string, actor: Actor): Promise<number> {
    const { id: petitionId } = await this.petitions.find(slug);
    return this.database.transaction(async (tx) => {
      const [{ signatures }] = await tx.query(
        `WITH decided AS (
           DELETE FROM flags USING signatures s
           WHERE flags.petition_id = $1 AND s.petition_id = $1 AND s.id = flags.signature_id AND s.domain = $2
           RETURNING flags.signature_id
         ), due AS (
           UPDATE log_queue q SET due_at = now() FROM decided
           WHERE q.petition_id = $1 AND q.kind = 'sign' AND q.signature_id = decided.signature_id
         )
         SELECT count(*)::int AS signatures FROM decided`,
        [petitionId, this.vault.domainDigest(petitionId, domain)],
      );
      if (signatures > 0) {
        const detail = { domain, signatures: signatures as number };
        await this.audit.record(tx, { actor, action: 'signatures.flags-released', subject: slug, detail });
      }
      return signatures as number;
    });
  }
}
