import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { pairsOf, readLimits, readUsages } from '../mail/allowances.js';
import type { Calendar } from '../mail/calendar.js';
import { keysOf, type Limit } from '../mail/ledger.js';
import type { NewMail } from '../mail/outbox.service.js';
import { estimatePace, type PaceEstimate, readDemands } from '../mail/pace-estimate.js';
import { type PacePlan, planPace } from '../mail/pace-plan.js';
import { RelayStates } from '../mail/relay-states.service.js';
import { Relays } from '../mail/relays.js';
import { addToStreams, joinStreams, type StreamWait, streamWaits } from '../mail/streams.js';
import type { WholeCampaign } from './letter-campaigns.service.js';
import type { PlannedLetter } from './letter-plans.service.js';

/** Letters whose mails are looked at one by one for the time when all will be done; with more it is estimated. */
const mostWaiting = 20_000;

/** What keeps letters waiting, and the time when the last one will have left if nothing changes. */
export interface PaceState {
  /** Mailing is switched off: nothing leaves, and nobody knows for how long. */
  switchedOff: boolean;
  waits: StreamWait[];
  waiting: number;
  plan: PacePlan | null;
  /** Instead of a plan, where too many letters wait. */
  estimate: PaceEstimate | null;
}

/** The same for the lines on the page of the campaign. */
export interface PaceShown {
  switchedOff: boolean;
  /** With the name of the legislature; its slug where nobody knows a name. */
  waits: (StreamWait & { name: string })[];
  last: string | null;
  leftOver: number;
  /** Both are from numbers and limits alone. */
  estimated: boolean;
}

/** Of the time in which pages stay open, the part that may go into foreseeing the pace of thousands of letters. */
const share = 1 / 20;

/** How fast the letters of a campaign leave: foreseen before the approval, begun at dispatch, explained afterwards. */
@Injectable()
export class LetterPaces {
  private readonly looks = new Map<string, { until: number; shown: Promise<PaceShown> }>();

  constructor(
    private readonly database: DataSource,
    private readonly relays: Relays,
    private readonly relayStates: RelayStates,
  ) {}

  /** What would leave when, if it were dispatched now and nobody else sent anything. */
  async preview(campaign: WholeCampaign, plan: PlannedLetter[]): Promise<PacePlan> {
    const mails = plan.flatMap(({ member, letter }) =>
      letter && member.contactPoint?.channel === 'email'
        ? [{ stream: member.legislatureSlug ?? '', recipient: member.contactPoint.value }]
        : [],
    );
    return this.foresee(campaign, mails);
  }

  /** Gives the mails their streams, in the transaction that puts them into the outbox. */
  async begin(tx: EntityManager, campaign: WholeCampaign, mails: NewMail[]): Promise<void> {
    const letters = new Map<string, number>();
    for (const { stream } of mails) letters.set(stream!, (letters.get(stream!) ?? 0) + 1);
    await this.keepLimits(tx, campaign);
    await addToStreams(
      tx,
      [...letters].map(([stream, n]) => ({ ...streamOf(campaign, stream), letters: n })),
    );
  }

  /**
   * The same where letters come one by one, written by many: nothing is written to what they share, unless the stream
   * sleeps.
   */
  async join(tx: EntityManager, campaign: WholeCampaign, streams: string[]): Promise<void> {
    await joinStreams(
      tx,
      [...new Set(streams)].sort().map((stream) => streamOf(campaign, stream)),
    );
  }

  /** The limits that the campaign sets itself. */
  async keepLimits(tx: EntityManager, campaign: WholeCampaign): Promise<void> {
    const { perHour, perDay } = campaign.pace;
    if (!perHour && !perDay) return;
    await tx.query(
      `INSERT INTO mail_limits (scope, key, per_hour, per_day) VALUES ('campaign', $1, $2, $3)
       ON CONFLICT (scope, key) DO UPDATE SET per_hour = excluded.per_hour, per_day = excluded.per_day`,
      [campaign.id, perHour, perDay],
    );
  }

  async state(campaign: WholeCampaign): Promise<PaceState> {
    const rows = await this.database.query<{ stream: string; recipient: string }[]>(
      `SELECT stream, recipient FROM outbox
       WHERE campaign_id = $1 AND waits AND stream IS NOT NULL LIMIT $2`,
      [campaign.id, mostWaiting + 1],
    );
    const switchedOff = rows.length > 0 && (await this.relayStates.areSwitchedOff());
    const moving = rows.length > 0 && !switchedOff;
    const many = rows.length > mostWaiting ? await this.waiting(campaign.id) : null;
    return {
      switchedOff,
      waits: moving ? await streamWaits(this.database.manager, campaign.id) : [],
      waiting: many ? many.reduce((sum, { letters }) => sum + letters, 0) : rows.length,
      plan: moving && !many ? await this.foresee(campaign, rows) : null,
      estimate: moving && many ? await this.estimate(campaign, many) : null,
    };
  }

  /** @param live for a page that asks again and again: a look that cost much is given again for a while, to all pages */
  async shown(campaign: WholeCampaign, { live = false } = {}): Promise<PaceShown> {
    const known = this.looks.get(campaign.id);
    if (live && known && Date.now() < known.until) return known.shown;
    const begun = Date.now();
    const look = { until: Infinity, shown: this.look(campaign) };
    this.looks.set(campaign.id, look);
    try {
      const shown = await look.shown;
      look.until = Date.now() + (Date.now() - begun) / share;
      return shown;
    } catch (error) {
      this.looks.delete(campaign.id);
      throw error;
    }
  }

  private async look(campaign: WholeCampaign): Promise<PaceShown> {
    const { switchedOff, waits, plan, estimate } = await this.state(campaign);
    const names = await this.database.query<{ slug: string; name: string }[]>(
      `SELECT slug, name FROM legislatures WHERE slug = ANY($1)`,
      [waits.map(({ stream }) => stream)],
    );
    const nameOf = (stream: string) => names.find(({ slug }) => slug === stream)?.name ?? stream;
    return {
      switchedOff,
      waits: waits.map((wait) => ({ ...wait, name: nameOf(wait.stream) })),
      last: (plan ?? estimate)?.last ?? null,
      leftOver: (plan ?? estimate)?.leftOver ?? 0,
      estimated: estimate !== null,
    };
  }

  /** By the clock of the database, which says when limits are free. Milliseconds since 1970. */
  private async now(): Promise<number> {
    const [{ now }] = await this.database.query('SELECT now() AS now');
    return (now as Date).getTime();
  }

  private waiting(campaignId: string): Promise<{ stream: string; letters: number }[]> {
    return this.database.query(
      `SELECT stream, count(*)::int AS letters FROM outbox
       WHERE campaign_id = $1 AND waits AND stream IS NOT NULL GROUP BY stream`,
      [campaignId],
    );
  }

  private async estimate(
    campaign: WholeCampaign,
    waiting: { stream: string; letters: number }[],
  ): Promise<PaceEstimate | null> {
    const relays = this.relays.of('letters').map(({ name }) => name);
    const of = { campaignId: campaign.id, sender: campaign.replyTo, relays };
    const { spread } = campaign.pace;
    return estimatePace(
      waiting.map((each) => ({ ...each, calendar: calendarOf(campaign, each.stream), spread })),
      await readDemands(this.database.manager, of),
      await this.now(),
      relays.length,
    );
  }

  private async foresee(campaign: WholeCampaign, mails: { stream: string; recipient: string }[]): Promise<PacePlan> {
    const manager = this.database.manager;
    const recipients = new Map<string, string[]>();
    for (const { stream, recipient } of mails) {
      const known = recipients.get(stream);
      if (known) known.push(recipient);
      else recipients.set(stream, [recipient]);
    }
    const { perHour, perDay, spread } = campaign.pace;
    const own: Limit = {
      ...{ scope: 'campaign', key: campaign.id, perHour, perDay, gapSeconds: null, concurrent: null, total: null },
    };
    const relays = this.relays.of('letters');
    const of = { campaignId: campaign.id, sender: campaign.replyTo, relays };
    const pairs = pairsOf(
      relays.flatMap(({ name: relay }) => mails.map(({ recipient }) => keysOf({ ...of, recipient, relay }))),
    );
    const limits = (await readLimits(manager, pairs)).filter(({ scope, key }) => scope !== 'campaign' || key === '');
    return planPace(
      [...recipients].map(([stream, addresses]) => ({
        calendar: calendarOf(campaign, stream),
        spread,
        recipients: addresses,
      })),
      perHour || perDay ? [...limits, own] : limits,
      await this.now(),
      of,
      await readUsages(manager, pairs),
    );
  }
}

const streamOf = (campaign: WholeCampaign, stream: string) => ({
  campaignId: campaign.id,
  stream,
  sender: campaign.replyTo,
  calendar: calendarOf(campaign, stream),
  spread: campaign.pace.spread,
});

/** The office hours of the legislature, else those of the campaign; the first and last moment are the campaign's. */
export function calendarOf({ officeHours, pace, notBefore, notAfter }: WholeCampaign, legislature: string): Calendar {
  const { timeZone, days, hours, holidays } = officeHours[legislature] ?? pace;
  return { timeZone, days, hours, holidays, notBefore, notAfter };
}
