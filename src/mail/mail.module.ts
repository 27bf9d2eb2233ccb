import { Module } from '@nestjs/common';
import { join } from 'node:path';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Claims } from './claims.js';
import { Dkim } from './dkim.js';
import { DnsDoctor } from './dns-doctor.service.js';
import { Inbox } from './inbox.js';
import { InboxPages } from './inbox.pages.js';
import { inboxName, relaysOf } from './mail-settings.js';
import { MailDesk } from './mail-desk.service.js';
import { MailLimitsApi } from './mail-limits.api.js';
import { MailLimitsConsole } from './mail-limits.console.js';
import { MailLimits } from './mail-limits.service.js';
import { MailKinds } from './mail-kinds.js';
import { MailApi } from './mail.api.js';
import { MailConsole } from './mail.console.js';
import { MailSender } from './mail.sender.js';
import { MailWorker } from './mail.worker.js';
import { OutboxService } from './outbox.service.js';
import { MailReturns } from './mail-returns.service.js';
import { RelayStates } from './relay-states.service.js';
import { MailRelay, Relays } from './relays.js';
import { ReturnAddresses } from './return-addresses.js';
import { SmtpDelivery } from './smtp.delivery.js';
import { Upkeep } from './upkeep.js';

const inbox = {
  provide: Inbox,
  inject: [SETTINGS],
  useFactory: (settings: Settings) => new Inbox(join(settings.DATA_DIR, 'inbox')),
};

/** The only place that decides whether a mail may leave the machine. */
const relays = {
  provide: Relays,
  inject: [SETTINGS, Inbox],
  useFactory: (settings: Settings, builtIn: Inbox): Relays => {
    const { hostname } = new URL(settings.PUBLIC_URL);
    const greeting = hostname.includes('.') ? hostname : undefined;
    const servers = relaysOf(settings).map((relay) => new MailRelay(relay, new SmtpDelivery(relay, greeting)));
    return new Relays(servers.length > 0 ? servers : [new MailRelay({ name: inboxName }, builtIn)]);
  },
};

@Module({
  controllers: [InboxPages, MailApi, MailConsole, MailLimitsApi, MailLimitsConsole],
  providers: [
    inbox,
    relays,
    Claims,
    Dkim,
    DnsDoctor,
    MailDesk,
    MailKinds,
    MailLimits,
    MailReturns,
    MailSender,
    MailWorker,
    OutboxService,
    RelayStates,
    ReturnAddresses,
    Upkeep,
  ],
  exports: [
    Dkim,
    DnsDoctor,
    MailLimits,
    MailKinds,
    MailReturns,
    MailWorker,
    OutboxService,
    MailDesk,
    Relays,
    RelayStates,
    ReturnAddresses,
  ],
})
export class MailModule {}
