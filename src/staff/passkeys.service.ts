import { Inject, Injectable } from '@nestjs/common';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { DataSource, type EntityManager } from 'typeorm';
import { parse, v7 as uuidv7 } from 'uuid';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Vault } from '../vault/vault.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from './access.js';
import { AuditService } from './audit.service.js';
import { hasFactor, lockMember } from './has-factor.js';
import { Passkey } from './passkey.entity.js';
import { type PasskeyAnswer, readAnswer } from './passkey-answer.js';
import { SecondFactors } from './second-factors.service.js';
import { secretHash } from './secrets.js';

/** What a right answer proves; in force only once it is spent. */
export interface PasskeyProof {
  staffId: string;
  passkeyId: string;
  counter: number;
  challenge: Buffer;
}

const minute = 60_000;
const livesFor = 30 * minute;

/**
 * Passkeys (WebAuthn level 3). A challenge is a sealed note of ours (purpose and time) that costs nothing to give out;
 * it is remembered once it was answered, so that no answer counts twice.
 */
@Injectable()
export class Passkeys {
  private readonly origin: string;
  private readonly rpId: string;
  /** Browsers know passkeys only for names, over HTTPS or on this machine. */
  readonly work: boolean;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly vault: Vault,
    private readonly factors: SecondFactors,
    private readonly audit: AuditService,
  ) {
    const { origin, hostname, protocol } = new URL(settings.PUBLIC_URL);
    this.origin = origin;
    this.rpId = hostname;
    const isName = !/^\[|^\d+(\.\d+){3}$/.test(hostname);
    this.work = isName && (protocol === 'https:' || hostname === 'localhost' || hostname.endsWith('.localhost'));
  }

  list(staffId: string): Promise<Passkey[]> {
    return this.database.manager.find(Passkey, { where: { staffId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  /** What the browser is asked for to prove who somebody is. @param staffId whose passkeys; null: anybody's */
  async toProve(purpose: string, staffId: string | null): Promise<string | null> {
    if (!this.work) return null;
    const allowCredentials = staffId
      ? (await this.list(staffId)).map(({ credentialId, transports }) => ({
          id: credentialId.toString('base64url'),
          transports,
        }))
      : [];
    if (staffId && allowCredentials.length === 0) return null;
    const { rpId } = this;
    const options = { rpID: rpId, challenge: this.challenge(purpose), allowCredentials };
    return JSON.stringify(await generateAuthenticationOptions({ ...options, userVerification: 'required' }));
  }

  /** What the browser is asked for to make a new one. */
  async toAdd(member: { id: string; email: string; name: string }): Promise<string | null> {
    if (!this.work) return null;
    const known = await this.list(member.id);
    const options = await generateRegistrationOptions({
      rpName: this.settings.SITE_NAME,
      rpID: this.rpId,
      userID: Uint8Array.from(parse(member.id)),
      userName: member.email,
      userDisplayName: member.name,
      challenge: this.challenge(`add ${member.id}`),
      attestationType: 'none',
      excludeCredentials: known.map(({ credentialId }) => ({ id: credentialId.toString('base64url') })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    return JSON.stringify(options);
  }

  /** @returns null if this is no answer of a passkey that we know to a challenge of ours for this purpose */
  async prove(purpose: string, text: unknown): Promise<PasskeyProof | null> {
    const answer = readAnswer(text);
    const passkey = answer && (await this.database.manager.findOneBy(Passkey, { credentialId: answer.credentialId }));
    if (!passkey || !this.isOurs(purpose, answer)) return null;
    // A passkey found on the device says whose it is (WebAuthn, 7.2 step 6).
    if (answer.userHandle && !answer.userHandle.equals(Buffer.from(parse(passkey.staffId)))) return null;
    const { credentialId, publicKey, counter, transports } = passkey;
    try {
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        ...{ response: answer.response as never, expectedChallenge: answer.challenge.toString('base64url') },
        ...{ expectedOrigin: this.origin, expectedRPID: this.rpId, requireUserVerification: true },
        credential: {
          ...{ id: credentialId.toString('base64url'), publicKey: Uint8Array.from(publicKey) },
          ...{ counter: Number(counter), transports },
        },
      });
      if (!verified) return null;
      const { newCounter } = authenticationInfo;
      return { staffId: passkey.staffId, passkeyId: passkey.id, counter: newCounter, challenge: answer.challenge };
    } catch {
      // Whatever does not fit (origin, signature, counter, …) is thrown: to us all of it is "no".
      return null;
    }
  }

  /** Uses a proof up. @returns false if it was used before, or the passkey is gone or was used further on */
  async spend(tx: EntityManager, proof: PasskeyProof): Promise<boolean> {
    const [, counted] = await tx.query(
      `UPDATE passkeys SET counter = $2, last_used_at = now()
       WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2::bigint = 0))`,
      [proof.passkeyId, proof.counter],
    );
    return counted > 0 && (await this.spendChallenge(tx, proof.challenge));
  }

  /**
   * @param session the one that stays if this is her first factor
   * @returns recovery codes, to be shown this once, if it is. @throws Problem invalid for an answer that does not fit
   */
  async add(actor: Actor, session: string, name: string, text: unknown): Promise<{ codes: string[] | null }> {
    const answer = readAnswer(text);
    const made = answer && this.isOurs(`add ${actor.id}`, answer) ? await this.made(answer) : null;
    if (!answer || !made) throw refusal();
    return this.database.transaction(async (tx) => {
      await lockMember(tx, actor.id);
      const [{ first }] = await tx.query(`SELECT NOT ${hasFactor('$1')} AS first`, [actor.id]);
      const [added] = await tx.query(
        `INSERT INTO passkeys (id, staff_id, name, credential_id, public_key, counter, transports)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (credential_id) DO NOTHING RETURNING 1`,
        [
          ...[uuidv7(), actor.id, name, Buffer.from(made.id, 'base64url'), Buffer.from(made.publicKey)],
          ...[made.counter, (made.transports ?? []).slice(0, 10)],
        ],
      );
      if (!added || !(await this.spendChallenge(tx, answer.challenge))) throw refusal();
      const codes = first ? await this.factors.begunWith(tx, actor.id, session) : null;
      await this.audit.record(tx, { actor, action: 'staff.passkey-added', subject: actor.id });
      return { codes };
    });
  }

  /** @throws Problem not-found for somebody else's */
  async remove(actor: Actor, id: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await lockMember(tx, actor.id);
      const [, removed] = await tx.query(`DELETE FROM passkeys WHERE id = $1 AND staff_id = $2`, [id, actor.id]);
      if (removed === 0) throw problems.notFound();
      await this.factors.dropIdleCodes(tx, actor.id);
      await this.audit.record(tx, { actor, action: 'staff.passkey-removed', subject: actor.id });
    });
  }

  private async made({ challenge, response }: PasskeyAnswer) {
    try {
      const { registrationInfo } = await verifyRegistrationResponse({
        ...{ response: response as never, expectedChallenge: challenge.toString('base64url') },
        ...{ expectedOrigin: this.origin, expectedRPID: this.rpId, requireUserVerification: true },
      });
      return registrationInfo?.credential ?? null;
    } catch {
      return null;
    }
  }

  private challenge(purpose: string): Uint8Array<ArrayBuffer> {
    const made = Buffer.alloc(8);
    made.writeBigUInt64BE(BigInt(Date.now()));
    return Uint8Array.from(this.vault.sealLink(`passkey ${purpose}`, made));
  }

  private isOurs(purpose: string, { challenge }: PasskeyAnswer): boolean {
    const made = this.vault.openLink(`passkey ${purpose}`, challenge);
    return made !== null && Number(made.readBigUInt64BE()) > Date.now() - livesFor;
  }

  private async spendChallenge(tx: EntityManager, challenge: Buffer): Promise<boolean> {
    await tx.query(`DELETE FROM spent_challenges WHERE expires_at < now()`);
    const [spent] = await tx.query(
      `INSERT INTO spent_challenges (hash, expires_at) VALUES ($1, now() + interval '1 hour')
       ON CONFLICT (hash) DO NOTHING RETURNING 1`,
      [secretHash(challenge.toString('base64url'))],
    );
    return spent !== undefined;
  }
}

const refusal = () =>
  problems.invalid([{ field: 'passkey', code: 'passkey-refused', message: 'This passkey was not accepted.' }]);
