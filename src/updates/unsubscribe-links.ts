import { Injectable } from '@nestjs/common';
import { parse as uuidBytes, stringify as uuidText } from 'uuid';
import { Vault } from '../vault/vault.service.js';

/** Whose agreement ends, and by which update she got the link. */
export interface Unsubscription {
  petitionId: string;
  updateId: string;
  signatureId: string;
}

const length = 3 * 16 + 10;

/**
 * The link that ends news for one signer. It says which signature in random ids, nothing about the person, and a tag that
 * only this server can make: so it needs no table, works for ever, and that of one says nothing of that of another.
 */
@Injectable()
export class UnsubscribeLinks {
  constructor(private readonly vault: Vault) {}

  /** Always the same for the same three. */
  token({ petitionId, updateId, signatureId }: Unsubscription): string {
    const ids = Buffer.concat([petitionId, updateId, signatureId].map((id) => uuidBytes(id)));
    return Buffer.concat([ids, this.vault.tag('unsubscribe', ids)]).toString('base64url');
  }

  /** @returns null for what is not of ours */
  read(token: string): Unsubscription | null {
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length !== length || bytes.toString('base64url') !== token) return null;
    const ids = bytes.subarray(0, 48);
    if (!this.vault.isTag('unsubscribe', ids, bytes.subarray(48))) return null;
    const [petitionId, updateId, signatureId] = [0, 16, 32].map((at) => uuidText(ids.subarray(at, at + 16)));
    return { petitionId: petitionId!, updateId: updateId!, signatureId: signatureId! };
  }
}
