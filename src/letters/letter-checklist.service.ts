import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { SETTINGS, type Settings } from '../config/settings.js';
import { domainOf } from '../mail/compose.js';
import { DnsDoctor } from '../mail/dns-doctor.service.js';
import { type Finding, type Verdict, verdicts } from '../mail/dns-verdicts.js';
import { MailLimits } from '../mail/mail-limits.service.js';
import { type Right, roles } from '../staff/access.js';
import { Staff } from '../staff/staff.service.js';
import { LetterCampaigns, type WholeCampaign } from './letter-campaigns.service.js';
import { LetterPlans, type PlannedLetter } from './letter-plans.service.js';

/** What has to be right before the first letter leaves, in the order in which it is put right. */
export const checks = [
  'mode', 'relay', 'from', 'dns', 'people', 'lawmakers', 'audience', 'marked', 'returns', 'reply-to', 'limits', 'approval', 'test',
] as const; // prettier-ignore

export const CheckList = z.object({
  ready: z.boolean().describe('nothing is missing or wrong'),
  checks: z.array(
    z.object({
      about: z.enum(checks),
      verdict: z.enum(verdicts).describe('weak: letters can leave, but look at it; unknown: DNS did not answer'),
      found: z.array(z.string()),
      toDo: z.string().nullable().describe('key of the words that say what to do'),
    }),
  ),
});
export type CheckList = z.infer<typeof CheckList>;
type Check = CheckList['checks'][number];

/** What is missing before a campaign can go live. */
@Injectable()
export class LetterChecklist {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: DataSource,
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
    private readonly doctor: DnsDoctor,
    private readonly limits: MailLimits,
    private readonly staff: Staff,
  ) {}

  /** @throws Problem not-found */
  async of(campaignId: string): Promise<CheckList> {
    const campaign = await this.campaigns.find(campaignId);
    const [plan, findings] = await Promise.all([this.plans.plan(campaign), this.doctor.examine()]);
    const list = [
      ...['mode', 'relay', 'from'].map((about) => ofDoctor(findings, about)),
      ofDns(findings),
      await this.people(),
      check('lawmakers', plan.length > 0 ? 'good' : 'missing', [String(plan.length)]),
      audienceOf(plan),
      await this.marked(plan),
      this.returns(),
      await this.replyTo(campaign),
      await this.limited(),
      check('approval', ['draft', 'in_review'].includes(campaign.state) ? 'missing' : 'good', []),
      await this.tested(campaign),
    ];
    return { ready: list.every(({ verdict }) => verdict !== 'missing' && verdict !== 'wrong'), checks: list };
  }

  /** Somebody who writes, and somebody else who sends. */
  private async people(): Promise<Check> {
    const staff = (await this.staff.list()).filter(({ disabledAt }) => !disabledAt);
    const who = (right: Right) => staff.filter(({ role }) => (roles[role] as readonly Right[]).includes(right));
    const two = who('letters:compose').some((one) => who('letters:send').some((other) => other.id !== one.id));
    return check('people', two ? 'good' : 'missing', []);
  }

  /** Addresses that a letter came back from, or wrong numbers, that this letter would go to. */
  private async marked(plan: PlannedLetter[]): Promise<Check> {
    const values = plan.flatMap(({ member, letter }) =>
      letter && member.contactPoint ? [member.contactPoint.id] : [],
    );
    const [{ marked }] = await this.database.query(
      `SELECT count(*)::int AS marked FROM contact_points WHERE id = ANY ($1::uuid[]) AND bounced_at IS NOT NULL`,
      [values],
    );
    return check('marked', marked > 0 ? 'weak' : 'good', marked > 0 ? [String(marked)] : []);
  }

  private returns(): Check {
    const { RETURN_DOMAIN: domain, RETURN_SMTP_PORT, RETURN_IMAP_URL, RETURN_WEBHOOK_SECRET } = this.settings;
    const taken = RETURN_SMTP_PORT !== undefined || RETURN_IMAP_URL || RETURN_WEBHOOK_SECRET;
    return check('returns', !domain ? 'weak' : taken ? 'good' : 'missing', domain ? [domain] : []);
  }

  /** An office answers there: it must take mail, and is believed more when it is where the letter is from. */
  private async replyTo({ replyTo }: WholeCampaign): Promise<Check> {
    const domain = domainOf(replyTo).toLowerCase();
    const ours = domainOf(this.settings.MAIL_FROM).toLowerCase();
    const receives = await this.doctor.receives(domain);
    const own = domain === ours || domain.endsWith(`.${ours}`);
    return check('reply-to', receives === 'good' && !own ? 'weak' : receives, [replyTo]);
  }

  private async limited(): Promise<Check> {
    const limits = await this.limits.list();
    const mailbox = limits.find(({ scope, key }) => scope === 'mailbox' && key === '');
    return check('limits', mailbox && (mailbox.perDay || mailbox.gapSeconds) ? 'good' : 'missing', []);
  }

  /** Of the words as they are now. */
  private async tested({ id, texts }: WholeCampaign): Promise<Check> {
    const written = texts.reduce((latest, { editedAt }) => Math.max(latest, editedAt.getTime()), 0);
    const [test] = await this.database.query(
      `SELECT max(state_at) AS at FROM outbox WHERE campaign_id = $1 AND kind = 'letter-test' AND state = 'accepted'`,
      [id],
    );
    const at = test.at as Date | null;
    return check('test', at === null ? 'missing' : at.getTime() < written ? 'weak' : 'good', []);
  }
}

function check(about: Check['about'], verdict: Verdict, found: string[]): Check {
  return { about, verdict, found, toDo: verdict === 'good' ? null : `checklist.todo.${about}` };
}

function ofDoctor(findings: Finding[], about: string): Check {
  const { verdict, found } = findings.find((each) => each.about === about)!;
  return check(about as Check['about'], verdict, found);
}

/** The worst of what the doctor says of records: its own page has them ready to paste. */
function ofDns(findings: Finding[]): Check {
  const records = findings.filter(({ about }) => !['mode', 'relay', 'from', 'returns', 'database'].includes(about));
  const order: Verdict[] = ['wrong', 'missing', 'unknown', 'weak', 'good'];
  const amiss = records.filter(({ verdict }) => verdict !== 'good');
  const worst = order.find((verdict) => records.some((each) => each.verdict === verdict)) ?? 'good';
  return check(
    'dns',
    worst,
    amiss.map(({ about, verdict }) => `${about}: ${verdict}`),
  );
}

function audienceOf(plan: PlannedLetter[]): Check {
  const reached = plan.filter(({ excluded }) => excluded === null).length;
  return check('audience', reached > 0 ? 'good' : 'missing', [`${reached} / ${plan.length}`]);
}
