import { Inject, Injectable, Logger } from '@nestjs/common';
import PostalMime, { type Email } from 'postal-mime';
import { SETTINGS, type Settings } from '../config/settings.js';
import { domainOf } from '../mail/compose.js';
import { MailReturns } from '../mail/mail-returns.service.js';
import { ReturnAddresses } from '../mail/return-addresses.js';
import type { ReturnSource } from '../mail/return-kinds.js';
import { citedIds } from './cited-ids.js';
import { classify } from './classify.js';

/** A mail as a feed took it in. */
export interface Incoming {
  raw: Buffer;
  source: ReturnSource;
  /** Of the envelope, where the feed knows it: '' is the empty sender of reports. */
  sender?: string;
  recipient?: string;
}

/** `recorded`: a new fact; `known`: it was there; `nothing`: it says nothing about a mail of ours, and nothing changed. */
export type Taken = 'recorded' | 'known' | 'nothing';

export const mostBytes = 1024 * 1024;
const mostRead = 256 * 1024;
const mostLines = 5000;

/** Where an IMAP server or a provider notes whom a mail was for. */
const recipientHeaders = ['delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to', 'x-rcpt-to', 'to', 'cc'];

/** Takes what came back, from every feed alike. It never sends anything. */
@Injectable()
export class Returns {
  private readonly log = new Logger('Returns');
  private readonly ownDomain: string;

  constructor(
    private readonly addresses: ReturnAddresses,
    private readonly returns: MailReturns,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.ownDomain = domainOf(settings.MAIL_FROM);
  }

  /** Whether somebody whom we wrote to may write here. */
  isOurs(address: string): boolean {
    return this.addresses.read(address) !== null;
  }

  /** What is recorded is committed when this returns. @throws what the database throws: then it may be given again */
  async take({ raw, source, sender, recipient }: Incoming): Promise<Taken> {
    const email = await parsed(raw);
    if (!email) return this.told('nothing', source);
    const cited = citedIds(email, this.ownDomain);
    const addressed = this.idOf(recipient === undefined ? named(email) : [recipient]);
    // A mailbox may also get the answers that go to the sender of a letter; our own receiver takes none but to return addresses.
    const id = addressed ?? (source === 'smtp' ? null : cited[0]);
    const mail = id && (await this.returns.find(id));
    if (!mail) return this.told('nothing', source);
    const report = classify(email, { recipient: mail.recipient, sender: sender ?? null });
    if (!report) return this.told('nothing', source);
    // Whoever has read a letter knows its Message-ID, and so does whoever it was passed on to: enough to answer, not to report.
    if (!addressed && report.kind !== 'replied' && report.kind !== 'auto_replied') return this.told('nothing', source);
    const { envelopeId, ...fact } = report;
    const attemptId = mail.attemptIds.find((each) => each === envelopeId?.toLowerCase()) ?? null;
    const recorded = await this.returns.record(
      mail,
      { ...fact, attemptId, source, cites: cited.includes(mail.id), addressed: addressed !== null },
      evidenceOf(email, raw),
      raw,
    );
    return this.told(recorded ? 'recorded' : 'known', source, fact.kind);
  }

  private idOf(addresses: string[]): string | null {
    for (const address of addresses) {
      const id = this.addresses.read(address);
      if (id) return id;
    }
    return null;
  }

  /** Not a word of what it says, nor whom it is about. */
  private told(taken: Taken, source: ReturnSource, kind = 'mail'): Taken {
    this.log.log(`${kind} by ${source}: ${taken}`);
    return taken;
  }
}

/** Lines, and bytes, of which a mail is read: the parser's work grows with the lines, and a quarter of a million took it seconds. */
function beginningOf(raw: Buffer): Buffer {
  let at = -1;
  for (let line = 0; line < mostLines; line += 1) {
    at = raw.indexOf(10, at + 1);
    if (at < 0 || at >= mostRead) return raw.subarray(0, mostRead);
  }
  return raw.subarray(0, at + 1);
}

/** Reads the beginning, where all that is looked for stands. */
export async function parsed(raw: Buffer): Promise<Email | null> {
  try {
    return await PostalMime.parse(beginningOf(raw), {
      forceRfc822Attachments: true,
      maxHeadersSize: 256 * 1024,
      maxNestingDepth: 20,
    });
  } catch {
    return null;
  }
}

/** At most a few, in headers cut short: nobody makes us search or check for long. */
function named(email: Email): string[] {
  return email.headers
    .filter(({ key }) => recipientHeaders.includes(key))
    .flatMap(({ value }) => value.slice(0, 2000).match(/[^\s<>,;:"]{1,64}@[^\s<>,;:"]{1,255}/g) ?? [])
    .slice(0, 20);
}

/** The same report has the same Message-ID whichever way it came; one without is known by its body, which has no trace lines. */
function evidenceOf(email: Email, raw: Buffer): string {
  if (email.messageId) return `id ${email.messageId}`;
  const end = raw.indexOf('\r\n\r\n');
  return `body ${raw.subarray(end < 0 ? 0 : end).toString('latin1')}`;
}
