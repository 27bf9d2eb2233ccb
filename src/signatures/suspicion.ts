import { Injectable } from '@nestjs/common';
import { disposableEmailBlocklistSet } from 'disposable-email-domains-js';
import { Limits } from '../site/limits.service.js';

/** What speaks against a signature, and how heavily. None of it refuses anybody. */
const weights = { 'disposable-domain': 1, 'network-burst': 1, 'domain-burst': 2 } as const;
export type Signal = keyof typeof weights;
const enough = 2;

const disposable = disposableEmailBlocklistSet();

/** Where so many people have their mailbox that a hundred in an hour say nothing. */
const common = new Set(
  `gmail.com googlemail.com yahoo.com yahoo.fr yahoo.de yahoo.it yahoo.es yahoo.co.uk ymail.com hotmail.com hotmail.fr
   hotmail.de hotmail.it hotmail.es hotmail.co.uk outlook.com outlook.fr outlook.de live.com live.fr msn.com icloud.com me.com
   mac.com aol.com proton.me protonmail.com pm.me tutanota.com tuta.io fastmail.com mail.com gmx.com gmx.de gmx.net gmx.at
   gmx.ch web.de t-online.de freenet.de posteo.de mailbox.org orange.fr wanadoo.fr free.fr sfr.fr laposte.net libero.it
   virgilio.it tiscali.it telia.com bredband.net ziggo.nl kpnmail.nl bluewin.ch btinternet.com sky.com comcast.net verizon.net
   att.net shaw.ca rogers.com mail.ru yandex.ru yandex.com qq.com 163.com naver.com`.split(/\s+/),
);

/** Judges how a signature came, without keeping who sent it: a flagged one waits for a person before it is logged. */
@Injectable()
export class Suspicion {
  constructor(private readonly limits: Limits) {}

  /**
   * @param domain of her address, in ASCII
   * @param busyNetwork many have confirmed from the same network within the hour
   * @returns what speaks against her if it is enough to wait for a person, otherwise nothing
   */
  signals(petitionId: string, domain: string, busyNetwork: boolean): Signal[] {
    const found: Signal[] = [];
    if (disposable.has(domain)) found.push('disposable-domain');
    if (busyNetwork) found.push('network-burst');
    if (!common.has(domain) && !this.limits.allows('confirm-domain', `${petitionId} ${domain}`)) {
      found.push('domain-burst');
    }
    return found.reduce((sum, signal) => sum + weights[signal], 0) >= enough ? found : [];
  }
}
