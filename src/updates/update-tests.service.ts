import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '../config/settings.js';
import { renderMail } from '../mail/compose.js';
import { Dkim } from '../mail/dkim.js';
import { OutboxService } from '../mail/outbox.service.js';
import { Petitions } from '../petitions/petitions.service.js';
import { type Locale, translate } from '../site/languages.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { Staff } from '../staff/staff.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { newId } from '../vault/random.js';
import { UpdateMail } from './update-mail.js';
import { Updates, writerOf } from './updates.service.js';

/** The link of a test ends nobody's news, whoever presses it. */
const nobody = '00000000-0000-0000-0000-000000000000';

/** Sends an update to the person who asks for it and to nobody else: of a kind of its own, so that it counts nowhere. */
@Injectable()
export class UpdateTests {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly updates: Updates,
    private readonly petitions: Petitions,
    private readonly mail: UpdateMail,
    private readonly staff: Staff,
    private readonly outbox: OutboxService,
    private readonly audit: AuditService,
    private readonly dkim: Dkim,
  ) {}

  /** @returns the address it goes to @throws Problem not-found; wrong-state once it is on its way */
  async send(slug: string, id: string, locale: Locale, actor: Actor): Promise<string> {
    const update = await this.updates.find(slug, id);
    if (update.state !== 'draft' && update.state !== 'in_review')
      throw problems.refusal('update-state', { state: update.state });
    const { email: address } = await this.staff.one(ownerOf(actor));
    const petition = await this.petitions.find(slug);
    const from = writerOf(petition, update);
    if (from === null) throw problems.refusal('organisation-left');
    const wording = update.organisationId
      ? translate(locale, 'consent.organisation', { name: from })
      : translate(locale, 'consent.news');
    const mail = await this.mail.write(petition, update, from, { address, signatureId: nobody, locale, wording });
    const mailId = newId();
    const fixed = {
      id: mailId,
      date: new Date(),
      from: mail.from ?? this.settings.MAIL_FROM,
      lane: 'updates' as const,
    };
    const raw = await this.dkim.sign(await renderMail({ ...mail, subject: `[TEST] ${mail.subject}` }, fixed));
    await this.database.transaction(async (tx) => {
      await this.outbox.enqueue(tx, [
        { campaignId: id, id: mailId, kind: 'update-test', ref: mailId, lane: 'updates', recipient: address, raw },
      ]);
      await this.audit.record(tx, { actor, action: 'update.tested', subject: slug, detail: { id } });
    });
    this.outbox.wake();
    return address;
  }
}
