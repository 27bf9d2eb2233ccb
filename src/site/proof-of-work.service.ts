import { Injectable } from '@nestjs/common';
import { type Challenge, createChallenge, type Payload, randomInt, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { DataSource } from 'typeorm';
import { AdaptiveBatch } from '../database/adaptive-batch.js';
import { freshBytes } from '../vault/random.js';
import { Vault } from '../vault/vault.service.js';

/** Rounds of PBKDF2 a guess costs, and how many guesses it takes: a quarter of a second on a desk, some seconds on a cheap phone. */
const cost = 1000;
const guesses = [300, 900] as const;
const validMinutes = 20;
/** Without scripts, waiting stands for work. */
const waitSeconds = 30;

/**
 * ALTCHA (altcha.org): a little work of the visitor's own machine instead of a puzzle, asked only under pressure. No third
 * party, nothing stored but that a proof was used.
 */
@Injectable()
export class ProofOfWork {
  private readonly spending = new AdaptiveBatch<Buffer, boolean>((digests) => this.spend(digests));

  constructor(
    private readonly database: DataSource,
    private readonly vault: Vault,
  ) {}

  /** @param what the proof is good for, and for nothing else */
  challenge(what: string): Promise<Challenge> {
    return createChallenge({
      algorithm: 'PBKDF2/SHA-256',
      cost,
      counter: randomInt(...guesses),
      deriveKey,
      data: { for: what },
      expiresAt: new Date(Date.now() + validMinutes * 60_000),
      ...this.secrets(),
    });
  }

  /** @param given base64 of the JSON of challenge and solution, as ALTCHA has it @returns whether it is good; it is so once */
  async accepts(what: string, given: unknown): Promise<boolean> {
    const payload = read(given);
    if (!payload || payload.challenge.parameters.data?.for !== what) return false;
    const found = await verifySolution({ ...payload, deriveKey, ...this.secrets() }).catch(() => null);
    return found?.verified === true && this.spending.add(this.digest(payload.challenge.signature!));
  }

  /** A token that is good once, for this thing, after `waitSeconds`. */
  waitingToken(what: string, now = Date.now()): string {
    const text = `${Math.floor(now / 1000).toString(36)}.${freshBytes(9).toString('base64url')}`;
    return `${text}.${this.vault.sign('proof', `wait ${what} ${text}`)}`;
  }

  /** Whether somebody has waited with this token. */
  async hasWaited(what: string, token: unknown, now = Date.now()): Promise<boolean> {
    const [, text = '', time = '', proof = ''] =
      /^(([0-9a-z]{1,9})\.[\w-]{12})\.([\w-]{22})$/.exec(String(token)) ?? [];
    const age = now / 1000 - parseInt(time, 36);
    const good =
      this.vault.verify('proof', `wait ${what} ${text}`, proof) && age >= waitSeconds && age < validMinutes * 60;
    return good && this.spending.add(this.digest(text));
  }

  private secrets() {
    return {
      hmacSignatureSecret: this.vault.sign('proof', 'challenge'),
      hmacKeySignatureSecret: this.vault.sign('proof', 'solution'),
    };
  }

  private digest(text: string): Buffer {
    return Buffer.from(this.vault.sign('proof', `spent ${text}`), 'base64url');
  }

  /** The database decides who was first, whichever process asks. */
  private async spend(digests: Buffer[]): Promise<boolean[]> {
    const rows: { digest: Uint8Array }[] = await this.database.query(
      `INSERT INTO spent_proofs (digest, expires_at)
       SELECT DISTINCT digest, now() + interval '${validMinutes + 1} minutes' FROM unnest($1::bytea[]) AS new (digest) ORDER BY 1
       ON CONFLICT (digest) DO NOTHING RETURNING digest`,
      [digests],
    );
    const first = new Set(rows.map(({ digest }) => Buffer.from(digest).toString('hex')));
    return digests.map((digest) => first.delete(digest.toString('hex')));
  }

  /** Deletes what cannot be used again anyway. */
  async forget(): Promise<void> {
    await this.database.query(`DELETE FROM spent_proofs WHERE expires_at < now()`);
  }
}

function read(given: unknown): Payload | null {
  if (typeof given !== 'string' || given.length > 5000) return null;
  try {
    const payload = JSON.parse(Buffer.from(given, 'base64').toString()) as Payload;
    const { challenge, solution } = payload;
    const whole =
      typeof challenge.signature === 'string' &&
      typeof challenge.parameters === 'object' &&
      typeof solution === 'object';
    return whole && solution !== null && challenge.parameters !== null ? { challenge, solution } : null;
  } catch {
    return null;
  }
}
