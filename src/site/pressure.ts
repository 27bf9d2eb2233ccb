import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';

const minute = 60_000;
/** Once begun it lasts so long, or it would come and go with every wave. */
const lasts = 10 * minute;

interface Seen {
  since: number;
  requests: number;
  until: number;
}

/** Notices when so many ask at once that a little work is asked of each, or when staff demands it. In memory, and of nobody in particular. */
@Injectable()
export class Pressure {
  private readonly seen = new Map<string, Seen>();
  private demanded: (what: string) => Promise<boolean> = async () => false;

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** Counts a request about this thing. */
  note(what: string, now = Date.now()): void {
    let seen = this.seen.get(what);
    if (!seen) this.seen.set(what, (seen = { since: now, requests: 0, until: 0 }));
    if (now - seen.since >= minute) {
      seen.since = now;
      seen.requests = 0;
    }
    seen.requests += 1;
    if (seen.requests > this.settings.PRESSURE_PER_MINUTE) seen.until = now + lasts;
  }

  /** Somebody who may demand the work without a rush: asked each time. */
  demandedBy(demanded: (what: string) => Promise<boolean>): void {
    this.demanded = demanded;
  }

  async isOn(what: string, now = Date.now()): Promise<boolean> {
    if (await this.demanded(what)) return true;
    if (!this.settings.LIMITS) return false;
    return this.settings.PRESSURE_PER_MINUTE === 0 || (this.seen.get(what)?.until ?? 0) > now;
  }
}
