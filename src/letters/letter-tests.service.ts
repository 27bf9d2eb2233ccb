import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { SETTINGS, type Settings } from '../config/settings.js';
import { OutboxService } from '../mail/outbox.service.js';
import { Dkim } from '../mail/dkim.js';
import { nobody } from '../lawmakers/objection-links.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { Staff } from '../staff/staff.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { sha256 } from './digest.js';
import { LetterAttachments } from './letter-attachments.service.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { renderLetter } from './letter-mail.js';
import { LetterPlans, sampleOf } from './letter-plans.service.js';

/** Sends a letter to the person who asks for it and to nobody else: of a kind of its own, so that it counts nowhere. */
@Injectable()
export class LetterTests {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
    private readonly staff: Staff,
    private readonly outbox: OutboxService,
    private readonly audit: AuditService,
    private readonly attachments: LetterAttachments,
    private readonly dkim: Dkim,
  ) {}

  /**
   * @param lawmakerId whose name and place the test is filled with; the first who gets a mail, or else the letter, if none is named
   * @returns the address it goes to
   */
  async send(id: string, lawmakerId: string | undefined, actor: Actor): Promise<string> {
    const campaign = await this.campaigns.find(id);
    if (['cancelled', 'finished'].includes(campaign.state))
      throw problems.refusal('letter-state', { state: campaign.state });
    const { email: address, name } = await this.staff.one(ownerOf(actor));
    // Of any lawmaker, listed by anybody for whatever, and also of one who has left.
    const offices: unknown[] = await this.database.query(
      `SELECT FROM contact_points WHERE lower($1) = ANY (regexp_split_to_array(lower(value), '[\\s,;<>]+|mailto:')) LIMIT 1`,
      [address],
    );
    if (offices.length > 0) throw problems.refusal('address-is-lawmaker');
    const members = await this.plans.members(campaign);
    // The link in a test stops nobody's letters, whoever presses it.
    const wanted = members
      .filter((member) => !lawmakerId || member.lawmakerId === lawmakerId)
      .map((member) => ({ ...member, lawmakerId: nobody, postscriptOf: member.lawmakerId }));
    const sample = sampleOf(await this.plans.plan(campaign, wanted));
    if (!sample?.letter) throw problems.refusal('nobody-to-test');
    const mailId = uuidv7();
    const tail = await this.attachments.tail(campaign);
    const mail = await renderLetter({
      ...campaign,
      id: mailId,
      datedAt: await this.plans.datedAt({ ...campaign, datedAt: null, notBefore: null }),
      mailFrom: this.settings.MAIL_FROM,
      to: { name, address },
      letter: { ...sample.letter, subject: `[TEST] ${sample.letter.subject}` },
      tail,
    });
    const raw = await this.dkim.sign(mail, tail);
    const whole = tail && { tail, rawSha256: sha256(raw, tail.bytes) };
    await this.database.transaction(async (tx) => {
      if (tail) await this.outbox.keepTail(tx, id, tail);
      await this.outbox.enqueue(tx, [
        {
          campaignId: id,
          id: mailId,
          kind: 'letter-test',
          ref: mailId,
          lane: 'letters',
          recipient: address,
          raw,
          ...whole,
        },
      ]);
      await this.audit.record(tx, { actor, action: 'letter-campaign.tested', subject: id });
    });
    this.outbox.wake();
    return address;
  }
}
