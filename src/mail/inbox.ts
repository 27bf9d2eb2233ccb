import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import type { Delivery, Handover, Outcome } from './delivery.js';

export interface InboxMail {
  id: string;
  to: string;
  from: string;
  subject: string;
  text: string;
  date: string | null;
  links: string[];
}

/** Parsed mails kept in memory. */
const mostKept = 10_000;
const fileName = /^\d{8}T\d{9}Z-[0-9a-f-]{36}\.eml$/;

/** Where mails land that shall not leave the machine: one .eml file each, named by time and id. */
export class Inbox implements Delivery {
  readonly lines = 10;
  private readonly parsed = new Map<string, InboxMail>();

  constructor(private readonly folder: string) {}

  async deliver(mail: Handover, handOver: () => Promise<void>): Promise<Outcome> {
    const time = mail.createdAt.toISOString().replaceAll(/[-:.]/g, '');
    const name = `${time}-${mail.id}.eml`;
    const unfinished = join(this.folder, `.${name}.${mail.attemptId}`);
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await writeFile(unfinished, mail.bytes, { mode: 0o600 });
    } catch (error) {
      return { result: 'unsent', reply: `the inbox cannot be written (${(error as NodeJS.ErrnoException).code})` };
    }
    await handOver();
    // The same mail has the same name: sent twice, it is there once.
    await rename(unfinished, join(this.folder, name));
    return { result: 'accepted', code: 250, reply: `kept in the built-in inbox as ${name}` };
  }

  abort(): void {}

  async close(): Promise<void> {}

  /** The newest mails, newest first. A file never changes, so each is parsed once. */
  async list(most: number): Promise<InboxMail[]> {
    const names = (await this.names()).slice(0, most);
    const mails: InboxMail[] = [];
    // Some files at a time: a process may have only so many open.
    for (let next = 0; next < names.length; next += 100) {
      mails.push(...(await Promise.all(names.slice(next, next + 100).map((name) => this.parsedOf(name)))));
    }
    return mails;
  }

  async find(id: string): Promise<InboxMail | null> {
    return (await this.names()).includes(`${id}.eml`) ? this.parse(`${id}.eml`) : null;
  }

  private async names(): Promise<string[]> {
    const names = await readdir(this.folder).catch(() => []);
    return names
      .filter((name) => fileName.test(name))
      .toSorted()
      .toReversed();
  }

  private async parsedOf(name: string): Promise<InboxMail> {
    const mail = this.parsed.get(name) ?? (await this.parse(name));
    if (this.parsed.size < mostKept) this.parsed.set(name, mail);
    return mail;
  }

  private async parse(name: string): Promise<InboxMail> {
    const mail = await PostalMime.parse(await readFile(join(this.folder, name)));
    const text = mail.text ?? '';
    return {
      id: name.slice(0, -'.eml'.length),
      to: mail.to?.map((each) => each.address ?? '').join(', ') ?? '',
      from: mail.from?.address ?? '',
      subject: mail.subject ?? '',
      text,
      date: mail.date ?? null,
      links: linksIn(text),
    };
  }
}

const link = /https?:\/\/[^\s<>"'«»،؛]+/g;

/** The addresses in a plain text, without the punctuation that follows them. */
export function linksIn(text: string): string[] {
  return [...text.matchAll(link)].map(([found]) => found.replace(/[.,;:!?)\]}؟]+$/, ''));
}
