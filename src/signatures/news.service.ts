import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Petitions } from '../petitions/petitions.service.js';
import { Vault } from '../vault/vault.service.js';
import { ErasureJournal } from './erasure-journal.js';
import { SealedLinks } from './sealed-links.js';
import { openBox, type Signer } from './signer-box.js';
import { type Topic, without, wordingsOf } from './topics.js';

/** SQL: signatures `s` of people who may be written to about a topic: theirs is whole, and nobody doubts or took it out. */
const mayBeTold = (topic: string) =>
  `s.box IS NOT NULL AND s.consents && ${wordingsOf(topic)}
   AND NOT EXISTS (SELECT FROM invalidated i WHERE i.petition_id = s.petition_id AND i.signature_id = s.id)
   AND NOT EXISTS (SELECT FROM flags f WHERE f.petition_id = s.petition_id AND f.signature_id = s.id)`;

/** Who wants news, asked anew at every step, and how that ends. */
@Injectable()
export class News {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly vault: Vault,
    private readonly links: SealedLinks,
    private readonly journal: ErasureJournal,
  ) {}

  /** Ids of the next signers who want it, in the order of their ids, without names. @param after the last one known */
  async next(tx: EntityManager, petitionId: string, topic: Topic, after: string, most: number): Promise<string[]> {
    const rows: { id: string }[] = await tx.query(
      `SELECT s.id FROM signatures s WHERE s.petition_id = $1 AND s.id > $3 AND ${mayBeTold('$2')}
       ORDER BY s.id LIMIT $4`,
      [petitionId, topic, after, most],
    );
    return rows.map(({ id }) => id);
  }

  /** How many would be written to now. */
  async audience(petitionId: string, topic: Topic): Promise<number> {
    const [{ n }] = await this.database.query(
      `SELECT count(*)::int AS n FROM signatures s WHERE s.petition_id = $1 AND ${mayBeTold('$2')}`,
      [petitionId, topic],
    );
    return n as number;
  }

  /** Her name and address, opened for a mail that is about to leave; null if she does not want it any more. */
  async addressee(
    petitionId: string,
    signatureId: string,
    topic: Topic,
  ): Promise<(Signer & { locale: string; wording: string }) | null> {
    const [row] = await this.database.query(
      `SELECT s.box, s.locale,
         (SELECT wording FROM consents WHERE id = ANY (s.consents) AND id = ANY (${wordingsOf('$2')}) LIMIT 1) AS wording
       FROM signatures s WHERE s.petition_id = $1 AND s.id = $3 AND ${mayBeTold('$2')}`,
      [petitionId, topic, signatureId],
    );
    if (!row) return null;
    return { ...openBox(this.vault, petitionId, signatureId, row.box), locale: row.locale, wording: row.wording };
  }

  /**
   * Takes back one thing she agreed to; her signature stays. Twice is once.
   * @returns false: there was nothing to take back
   */
  async takeBack(tx: EntityManager, petitionId: string, signatureId: string, topic: Topic): Promise<boolean> {
    const held: unknown[] = await tx.query(
      `SELECT FROM signatures WHERE petition_id = $1 AND id = $2 AND consents && ${wordingsOf('$3')} FOR UPDATE`,
      [petitionId, signatureId, topic],
    );
    if (held.length === 0) return false;
    await this.journal.add(petitionId, signatureId, topic);
    await tx.query(`UPDATE signatures SET consents = ${without('$3')} WHERE petition_id = $1 AND id = $2`, [
      petitionId,
      signatureId,
      topic,
    ]);
    return true;
  }

  /** The same with the link that shows her all that is held. @throws Problem gone, not-found */
  async takeBackByLink(token: string, slug: string, topic: Topic): Promise<void> {
    const form = this.links.open('my-data', token);
    const petition = await this.petitions.find(slug);
    await this.database.transaction(async (tx) => {
      const [hers] = await tx.query(`SELECT id FROM signatures WHERE petition_id = $1 AND identity = $2`, [
        petition.id,
        this.links.identity(petition.id, form),
      ]);
      if (hers) await this.takeBack(tx, petition.id, hers.id as string, topic);
    });
  }
}
