import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ImapFlow } from 'imapflow';
import { isIP } from 'node:net';
import { SETTINGS, type Settings } from '../config/settings.js';
import { mostBytes, Returns } from './returns.service.js';

const everySeconds = 60;
const mostAtOnce = 200;

/**
 * Reads a mailbox where return addresses end, once a minute: unread mails are taken and marked as read once what they
 * say is committed. Each round is a connection of its own, so a server that goes away costs a round and nothing else;
 * what two processes read twice is one fact.
 */
@Injectable()
export class ImapFeed implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Returns');
  private timer?: NodeJS.Timeout;
  private round?: Promise<unknown>;

  constructor(
    private readonly returns: Returns,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.settings.runners || !this.settings.RETURN_IMAP_URL) return;
    const run = () => {
      // Of what went wrong only the kind: a server's words may quote the mailbox or the password.
      this.round ??= this.poll()
        .catch((error: Error) => this.log.error(`the mailbox of returns cannot be read: ${error.name}`))
        .finally(() => (this.round = undefined));
    };
    this.timer = setInterval(run, everySeconds * 1000).unref();
    run();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.round;
  }

  /** One round. @returns how many mails were read @throws when the server or the database does not answer */
  async poll(url = this.settings.RETURN_IMAP_URL!): Promise<number> {
    const { mailbox, ...options } = serverOf(url);
    const client = new ImapFlow(options);
    // Also told by the call that failed.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const lock = await client.getMailboxLock(mailbox);
      try {
        return await this.readAll(client);
      } finally {
        lock.release();
      }
    } finally {
      await client.logout().catch(() => client.close());
    }
  }

  private async readAll(client: ImapFlow): Promise<number> {
    const unread = (await client.search({ seen: false }, { uid: true })) || [];
    const uids = unread.slice(0, mostAtOnce);
    for (const uid of uids) {
      // Of a huge one the beginning: what is looked for stands there.
      const mail = await client.fetchOne(String(uid), { source: { maxLength: mostBytes } }, { uid: true });
      // Gone meanwhile, or not given: what was not read is not marked.
      if (!mail || !mail.source) continue;
      await this.returns.take({ raw: mail.source, source: 'imap' });
      const marked = await client.messageFlagsAdd(String(uid), ['\\Seen'], { uid: true });
      if (!marked) throw new Error('a mail could not be marked as read');
    }
    return uids.length;
  }
}

/** `imaps://user:password@host[:port][/mailbox]`, or `imap://` with STARTTLS, which only this machine may do without. */
function serverOf(value: string) {
  const url = new URL(value);
  const secure = url.protocol === 'imaps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const here = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  return {
    host,
    port: Number(url.port) || (secure ? 993 : 143),
    secure,
    ...(!secure && { doSTARTTLS: !here }),
    auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
    mailbox: decodeURIComponent(url.pathname.slice(1)) || 'INBOX',
    logger: false as const,
    disableAutoIdle: true,
    connectionTimeout: 30_000,
    greetingTimeout: 15_000,
    socketTimeout: 60_000,
  };
}
