import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { problems } from '../site/problem.js';
import { Vault } from '../vault/vault.service.js';

export interface Answer {
  body: unknown;
  location: string | null;
}

/** A request as its key stands for it: the same key with anything else in it is a mistake of the client. */
export interface KeyedRequest {
  tokenId: string;
  key: string;
  content: string;
}

const purpose = 'idempotency';
const hours = 24;

/** Answers of a day, so that a request that is sent again after a broken connection is not done again. */
@Injectable()
export class KeptAnswers {
  constructor(
    private readonly database: DataSource,
    private readonly vault: Vault,
  ) {}

  /**
   * Takes the key, for the first of those who come with it at once.
   * @returns the answer that was given before, or null: do the work, then `keep` its answer or `release` the key
   * @throws Problem invalid for another request with this key, wrong-state while the first is being worked on
   */
  async take({ tokenId, key, content }: KeyedRequest): Promise<Answer | null> {
    const request = this.digest(content);
    await this.forget();
    const [taken] = await this.database.query(
      `INSERT INTO kept_answers (token_id, key, request) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING key`,
      [tokenId, this.digest(key), request],
    );
    if (taken) return null;
    const [kept] = await this.database.query<{ request: Buffer; answer: Buffer | null }[]>(
      `SELECT request, answer FROM kept_answers WHERE token_id = $1 AND key = $2`,
      [tokenId, this.digest(key)],
    );
    if (kept && !request.equals(kept.request)) {
      const message = 'This key was sent with another request.';
      throw problems.invalid([{ field: 'Idempotency-Key', code: 'key-of-another', message }]);
    }
    const answer = kept?.answer && this.vault.openLink(this.place(tokenId, key), kept.answer);
    if (!answer) throw problems.refusal('key-in-use');
    return JSON.parse(answer.toString()) as Answer;
  }

  async keep({ tokenId, key }: KeyedRequest, answer: Answer): Promise<void> {
    const sealed = this.vault.sealLink(this.place(tokenId, key), Buffer.from(JSON.stringify(answer)));
    await this.database.query(`UPDATE kept_answers SET answer = $3 WHERE token_id = $1 AND key = $2`, [
      ...[tokenId, this.digest(key), sealed],
    ]);
  }

  /** Nothing was done, or nothing that may not be done again. */
  async release({ tokenId, key }: KeyedRequest): Promise<void> {
    await this.database.query(`DELETE FROM kept_answers WHERE token_id = $1 AND key = $2`, [tokenId, this.digest(key)]);
  }

  /** Deletes what is older than a day. */
  async forget(): Promise<void> {
    await this.database.query(`DELETE FROM kept_answers WHERE asked_at < now() - interval '${hours} hours'`);
  }

  private digest(text: string): Buffer {
    return this.vault.tag(purpose, Buffer.from(text));
  }

  private place = (tokenId: string, key: string): string => `${purpose} ${tokenId} ${key}`;
}
