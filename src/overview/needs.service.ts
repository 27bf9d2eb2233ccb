import { Injectable } from '@nestjs/common';
import { Logs } from '../countlog/logs.service.js';
import { ContactPointsService } from '../lawmakers/contact-points.service.js';
import { ImportsService } from '../lawmakers/imports.service.js';
import { LetterCampaigns } from '../letters/letter-campaigns.service.js';
import { MailDesk } from '../mail/mail-desk.service.js';
import { Flags } from '../moderation/flags.service.js';
import { Paper } from '../paper/paper.service.js';
import { factsOf } from '../petitions/fact-check.js';
import { Petitions } from '../petitions/petitions.service.js';
import type { Locale } from '../site/languages.js';
import type { Right } from '../staff/access.js';
import { Switches } from '../switches/switches.service.js';
import { Updates } from '../updates/updates.service.js';

/** Something that waits for a person. Its kind is a message. */
export interface Need {
  kind: string;
  /** How many of it. */
  n: number;
  /** Behind the address of the console; null for who may not go there. */
  path: string | null;
  /** What it is about, as people call it. */
  about?: string;
  /** What is wrong with a log, as it says itself. */
  detail?: string;
}

/** Everything that waits for a person, the most urgent first: what stops the work, what waits for a decision, what gets old. */
@Injectable()
export class Needs {
  constructor(
    private readonly petitions: Petitions,
    private readonly logs: Logs,
    private readonly switches: Switches,
    private readonly mail: MailDesk,
    private readonly campaigns: LetterCampaigns,
    private readonly flags: Flags,
    private readonly imports: ImportsService,
    private readonly contactPoints: ContactPointsService,
    private readonly updates: Updates,
    private readonly paper: Paper,
  ) {}

  async list(locale: Locale, rights: readonly Right[]): Promise<Need[]> {
    const [petitions, logs, switches, mail, waiting, flags, imports, marked, updates, paper, failures] =
      await Promise.all([
        this.petitions.all(),
        this.logs.inTrouble(),
        this.switches.list(),
        this.mail.summary(),
        this.campaigns.waitingForApproval(),
        this.flags.waiting(),
        this.imports.undecided(),
        this.contactPoints.marked(),
        this.updates.waitingForReview(),
        this.paper.waiting(),
        this.imports.failures(['lawmakers:write']),
      ]);
    const may = (right: Right, path: string) => (rights.includes(right) ? path : null);
    const titles = new Map(petitions.map((each) => [each.slug, this.petitions.text(each, locale).title]));
    const desk = (kind: string, state: string, lanes: string[] = ['letters']): Need => ({
      kind,
      n: mail.counts
        .filter((row) => row.state === state && lanes.includes(row.lane))
        .reduce((n, row) => n + row.count, 0),
      path: may('mail:manage', `/mail?state=${state}`),
    });
    const needs: Need[] = [
      ...logs.map(({ origin, why }) => ({ kind: 'log', n: 1, path: null, about: origin, detail: why })),
      { kind: 'switches', n: switches.length, path: may('switches:turn', '/switches') },
      ...mail.relays
        .filter(({ state }) => state === 'paused')
        .map(({ name }) => ({ kind: 'relay', n: 1, path: may('mail:manage', '/mail'), about: name })),
      desk('in-doubt', 'in_doubt'),
      ...petitions
        .filter(({ state }) => state === 'in_review')
        .map(({ slug }) => ({ kind: 'review', n: 1, path: `/petitions/${slug}/review`, about: titles.get(slug) })),
      ...updates.map(({ id, petition }) => ({
        ...{ kind: 'update', n: 1, path: `/petitions/${petition}/updates/${id}`, about: titles.get(petition) },
      })),
      ...waiting.map(({ id, title }) => ({ kind: 'approval', n: 1, path: `/letters/${id}`, about: title })),
      ...flags.map(({ petition, signatures }) => ({
        ...{ kind: 'flags', n: signatures, about: titles.get(petition) ?? petition },
        path: may('signatures:moderate', `/petitions/${petition}/signatures`),
      })),
      ...paper.map(({ petition, batches }) => ({
        ...{ kind: 'paper', n: batches, path: `/petitions/${petition}/paper`, about: titles.get(petition) },
      })),
      desk('refused', 'refused'),
      desk('held', 'held', ['letters', 'confirmations']),
      { kind: 'import-broken', n: failures.length, path: may('lawmakers:write', '/lawmakers/imports') },
      { kind: 'import-failed', n: imports.failed, path: '/lawmakers/imports' },
      { kind: 'import-waiting', n: imports.waiting, path: '/lawmakers/imports' },
      ...petitions
        .filter((petition) => petition.state !== 'draft' && factsOf(petition).needCheck)
        .map(({ slug }) => ({ kind: 'facts', n: 1, path: `/petitions/${slug}`, about: titles.get(slug) })),
      { kind: 'marked', n: marked, path: '/lawmakers?status=marked' },
    ];
    return needs.filter(({ n }) => n > 0);
  }
}
