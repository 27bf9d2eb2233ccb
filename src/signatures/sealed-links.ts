import { Injectable } from '@nestjs/common';
import { problems } from '../site/problem.js';
import { normalForm } from '../vault/normal-form.js';
import { Vault } from '../vault/vault.service.js';
import { type SealedForm, unpackForm } from './sealed-form.js';

/** Hours during which a link in a mail works. */
export const linkHours = 72;

/** What a link is good for; none is good for anything else. */
export type LinkPurpose = 'confirm' | 'withdraw' | 'my-data' | 'write';

/** Reads the links that the mails carry. */
@Injectable()
export class SealedLinks {
  constructor(private readonly vault: Vault) {}

  /** What the link says. @throws Problem gone */
  open(purpose: LinkPurpose, token: string): SealedForm {
    const opened = this.vault.openLink(purpose, Buffer.from(token, 'base64url'));
    const form = opened && unpackForm(opened);
    if (!form || form.askedAt + linkHours * 3600 < Date.now() / 1000) {
      throw problems.refusal('link-expired');
    }
    return form;
  }

  /** Who asked, within this petition. */
  identity(petitionId: string, form: SealedForm): Buffer {
    return this.vault.identity(petitionId, normalForm(form.email)!);
  }
}
