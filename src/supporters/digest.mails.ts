import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { LawmakersService } from '../lawmakers/lawmakers.service.js';
import { named, senderVia } from '../letters/letter-mail.js';
import { LettersMails } from '../letters/letters.mails.js';
import { isSecondLetter } from '../letters/second-letters.js';
import { type Quote, type Voice, writeDigest } from '../letters/supporter-digest.js';
import { type ComposedMail, MailKinds } from '../mail/mail-kinds.js';
import { Vault } from '../vault/vault.service.js';
import { DigestEnds } from './digest-ends.service.js';
import { Digests } from './digests.service.js';
import { standsBy } from './due-digests.js';
import { groupsAlike } from './likeness.js';
import { openDigest, openVoice } from './sealed-letter.js';

interface Speaker {
  id: string;
  petition_id: string;
  box: Buffer | null;
  likeness: number[] | null;
}

const everySeconds = 30;
const nothingSaid: Voice = { words: '', name: null, area: null };

/** Digests on their way: made when they are due, written when they leave, seen to when they have. */
@Injectable()
export class DigestMails implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger('Supporters');
  private readonly running = new Set<Promise<void>>();
  private timer?: NodeJS.Timeout;
  private soon?: NodeJS.Timeout | undefined;

  constructor(
    kinds: MailKinds,
    letters: LettersMails,
    private readonly database: DataSource,
    private readonly lawmakers: LawmakersService,
    private readonly digests: Digests,
    private readonly ends: DigestEnds,
    private readonly vault: Vault,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    kinds.register({
      name: 'supporter-digest',
      inDoubt: 'hold',
      compose: (mail) => this.compose(mail),
      accepted: () => this.letGoSoon(),
      returned: (tx, mail, fact, raw) => letters.returnedToUs(tx, mail, fact, raw),
    });
  }

  onApplicationBootstrap(): void {
    if (!this.settings.runners) return;
    const run = () => this.inBackground(() => this.round());
    this.timer = setInterval(run, everySeconds * 1000).unref();
    run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    clearTimeout(this.soon);
    await Promise.allSettled(this.running);
  }

  /** What ended comes first: supporters of a mail that did not leave are in the next one. @param at as `Digests.make` */
  async round(at?: number): Promise<void> {
    await this.ends.settle();
    await this.digests.make(at);
  }

  /** Once for all that are taken within a second. */
  private letGoSoon(): void {
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      this.inBackground(() => this.ends.letGoOfWords());
    }, 1000).unref();
  }

  private inBackground(work: () => Promise<unknown>): void {
    const run = work()
      .catch((error: Error) => this.log.error(`digests cannot be made or settled: ${error.name}`))
      .then(() => void this.running.delete(run));
    this.running.add(run);
  }

  /**
   * The same bytes every time, as long as nobody who speaks in it goes. Null, and so never sent: all have gone, or the office
   * wants no letters, or gets this one by another record.
   */
  private async compose(mail: {
    id: string;
    campaignId: string;
    payload: Buffer | null;
  }): Promise<ComposedMail | null> {
    const { id, campaignId, payload } = mail;
    const [letter] = await this.database.query(`SELECT lawmaker_id FROM letters WHERE campaign_id = $1 AND id = $2`, [
      campaignId,
      id,
    ]);
    const speakers = await this.database.query<Speaker[]>(
      `SELECT d.id, d.petition_id, d.box, d.likeness FROM digest_supporters d
       WHERE d.campaign_id = $1 AND d.digest_id = $2 AND ${standsBy('d')} ORDER BY d.id`,
      [campaignId, id],
    );
    const [first] = speakers;
    if (!payload || !first || (await this.lawmakers.find(letter.lawmaker_id)).objected) return null;
    if (await isSecondLetter(this.database, campaignId, id)) return null;
    const digest = openDigest(this.vault, first.petition_id, id, payload);
    const { subject, text } = writeDigest(digest, ...this.heard(speakers));
    return {
      to: named(digest.toName, digest.to),
      replyTo: named(digest.senderName, digest.replyTo),
      from: senderVia(digest.senderName, digest.organisation, this.settings.MAIL_FROM),
      ...{ subject, text },
    };
  }

  /** Who has words, each once with the number of those who wrote nearly the same, and who has none. */
  private heard(speakers: Speaker[]): [Quote[], Voice[]] {
    const voiceOf = ({ id, petition_id, box }: Speaker) =>
      box ? openVoice(this.vault, petition_id, id, box) : nothingSaid;
    const withWords = speakers.filter(({ box, likeness }) => box && likeness);
    const quotes = groupsAlike(withWords.map(({ likeness }) => likeness!)).map((group) => ({
      ...voiceOf(withWords[group[0]!]!),
      alike: group.length - 1,
    }));
    return [quotes, speakers.filter((each) => !withWords.includes(each)).map(voiceOf)];
  }
}
