import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Returned } from './return-kinds.js';

export interface ComposedMail {
  /** One mailbox: `sara@example.org` or `Anna Berg <anna@example.org>`. */
  to: string;
  subject: string;
  text: string;
  html?: string;
  replyTo?: string;
  /** MAIL_FROM under another display name; MAIL_FROM itself if not given. */
  from?: string;
  headers?: Record<string, string>;
  /** Files, as bytes that nobody opens by himself. */
  attachments?: { filename: string; content: Buffer }[];
}

/** The mail that something came back for. */
export interface ReturnedMail {
  campaignId: string;
  id: string;
  ref: string;
  recipient: string;
}

export interface MailKind {
  name: string;
  /** What happens when the server fell silent after it was handed the mail: a person decides, or the same bytes go again. */
  inDoubt: 'hold' | 'resend';
  /**
   * Called at sending for rows without frozen bytes; null: nothing to send. It must answer the same for the same row, so
   * that a resend carries the same bytes. The payload is blanked once the mail is in a final state.
   */
  compose?(mail: { id: string; campaignId: string; ref: string; payload: Buffer | null }): Promise<ComposedMail | null>;
  /** Told once the server has taken the mail and that is written down. */
  accepted?(mail: { campaignId: string }): void;
  /**
   * Told what came back for a mail of this kind, and as what bytes, once per report, in the transaction that writes it down. Only kinds
   * that have it carry a return address.
   */
  returned?(tx: EntityManager, mail: ReturnedMail, fact: Returned, raw: Buffer): Promise<void>;
  /** Asked for frozen bytes right before they go out; false: they are not sent any more (state suppressed). */
  isWanted?(mail: { campaignId: string; ref: string }): Promise<boolean>;
}

/** Which kinds of mail there are. The rooms that know what a mail says register theirs at start. */
@Injectable()
export class MailKinds {
  private readonly kinds = new Map<string, MailKind>();

  register(kind: MailKind): void {
    this.kinds.set(kind.name, kind);
  }

  find(name: string): MailKind | undefined {
    return this.kinds.get(name);
  }

  /** Kinds whose mails go again by themselves after a doubt. Any other kind, an unknown one too, waits for a person. */
  resent(): string[] {
    return [...this.kinds.values()].filter((kind) => kind.inDoubt === 'resend').map((kind) => kind.name);
  }
}
