import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MailKinds, type ReturnedMail } from './mail-kinds.js';
import type { Returned } from './return-kinds.js';

/**
 * Somebody who knows one return address can write to it: of one kind no more than this is kept of one mail, so that twenty
 * automatic answers do not hide the bounce that comes after them, nor what only names a Message-ID what came to the address.
 */
const mostOfAKind = 20;

export interface ReportedMail extends ReturnedMail {
  kind: string;
  /** Attempts at it, for reports that name one. */
  attemptIds: string[];
}

/** Writes down what came back, as facts beside the mail: its own state says what the mail server answered, and stays. */
@Injectable()
export class MailReturns {
  constructor(
    private readonly database: DataSource,
    private readonly kinds: MailKinds,
  ) {}

  /** The mail with this id, if one went out that can have returns: nothing comes back for what was never handed over. */
  async find(id: string): Promise<ReportedMail | null> {
    const [row] = await this.database.query<ReportedMail[]>(
      `SELECT campaign_id AS "campaignId", id, kind, ref, recipient,
              ARRAY(SELECT attempt_id FROM attempts WHERE attempts.campaign_id = outbox.campaign_id
                    AND outbox_id = outbox.id AND attempts.handed_over_at IS NOT NULL
                    UNION ALL SELECT attempt_id WHERE state = 'handing_over') AS "attemptIds"
       FROM outbox WHERE id = $1 AND recipient IS NOT NULL`,
      [id],
    );
    return row && row.attemptIds.length > 0 && this.kinds.find(row.kind)?.returned ? row : null;
  }

  /**
   * @param evidence what makes this report the same as one that came before
   * @returns false: it was known, or this mail has too many of the kind already
   */
  record(mail: ReportedMail, fact: Returned, evidence: string, raw: Buffer): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      // Reports about one mail come one after the other, so that the bound holds and nobody is told twice.
      await tx.query(`SELECT FROM outbox WHERE campaign_id = $1 AND id = $2 FOR UPDATE`, [mail.campaignId, mail.id]);
      const rows = await tx.query<unknown[]>(
        `INSERT INTO mail_returns (campaign_id, outbox_id, evidence_sha256, kind, status, diagnostic, attempt_id, source,
                                   cites, addressed)
         SELECT $1::uuid, $2::uuid, sha256(convert_to($3, 'UTF8')), $4, $5, $6, $7::uuid, $8, $9, $10
         WHERE (SELECT count(*) FROM mail_returns
                WHERE campaign_id = $1 AND outbox_id = $2 AND kind = $4 AND addressed = $10) < ${mostOfAKind}
         ON CONFLICT DO NOTHING RETURNING kind`,
        [
          mail.campaignId,
          mail.id,
          evidence.replaceAll('\0', ''),
          fact.kind,
          fact.status,
          fact.diagnostic,
          fact.attemptId,
          fact.source,
          fact.cites,
          fact.addressed,
        ],
      );
      if (rows.length === 0) return false;
      if (fact.addressed) await this.kinds.find(mail.kind)?.returned?.(tx, mail, fact, raw);
      return true;
    });
  }
}
