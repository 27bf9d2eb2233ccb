import { Injectable } from '@nestjs/common';
import { parse, stringify, v4 as uuidv4 } from 'uuid';
import { Vault } from '../vault/vault.service.js';
import { newSecret, secretHash } from './secrets.js';

export interface Step {
  staffId: string;
  /** Of the password hash that was in force. */
  mark: Buffer;
}

const purpose = 'sign-in step';
const livesFor = 10 * 60_000;

export const markOf = (passwordHash: string): Buffer => secretHash(passwordHash).subarray(0, 16);

/**
 * What stands between the password and the code: a sealed note in the form, which opens nothing by itself. A wrong
 * password gets one as well, about nobody, that only this server can tell from a right one.
 */
@Injectable()
export class SignInSteps {
  constructor(private readonly vault: Vault) {}

  seal(member: { id: string; passwordHash: string } | null): string {
    const id = member?.id ?? uuidv4();
    const at = Buffer.alloc(8);
    at.writeBigUInt64BE(BigInt(Date.now()));
    const plain = Buffer.concat([at, parse(id), markOf(member?.passwordHash ?? newSecret())]);
    return this.vault.sealLink(purpose, plain).toString('base64url');
  }

  /** @returns null if it is not of ours, or older than ten minutes */
  open(step: string): Step | null {
    const plain = this.vault.openLink(purpose, Buffer.from(step.slice(0, 500), 'base64url'));
    if (!plain || Number(plain.readBigUInt64BE()) < Date.now() - livesFor) return null;
    return { staffId: stringify(plain, 8), mark: plain.subarray(24) };
  }
}
