import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import { AudienceService } from '../lawmakers/audience.service.js';
import { channels } from '../lawmakers/importers/import-record.js';
import { Audience } from '../lawmakers/lawmakers.schema.js';
import { LegislaturesService } from '../lawmakers/legislatures.service.js';
import { Petitions } from '../petitions/petitions.service.js';
import type { Form } from '../site/form-answers.js';
import { returnKinds } from '../mail/return-kinds.js';
import { direction, formatDate, languageNameIn, type Locale, translate } from '../site/languages.js';
import { Pages } from '../site/pages.service.js';
import type { FieldError } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { ConsoleContext } from '../staff/console-context.js';
import { ownerOf } from '../staff/tokens.service.js';
import { stances } from './answers.schema.js';
import { Approvals, authors } from './approvals.service.js';
import { callOutcomes, isEditable, campaignModes } from './campaign-states.js';
import { enclosuresWord } from './enclosures.js';
import { LetterCampaigns, type WholeCampaign } from './letter-campaigns.service.js';
import { type LetterDraft, LetterDrafts } from './letter-drafts.service.js';
import { letterFilters } from './letter-engine.js';
import { readAudience } from './letter-forms.js';
import { LetterAnswers } from './letter-answers.service.js';
import { wordsFor } from './letter-eyes.js';
import { LetterParts } from './letter-parts.service.js';
import { LetterPaces } from './letter-paces.service.js';
import { withFewMailboxes } from './letter-plan-lines.js';
import { LetterPlans, sampleOf } from './letter-plans.service.js';
import { LetterPreviews } from './letter-previews.service.js';
import { LetterReports } from './letter-report.service.js';
import { letterPlots } from './letter-sums.js';
import { LetterTasks } from './letter-tasks.service.js';
import { dryRunPage } from './dry-run.js';
import { approvalView, audienceCounts, campaignView, letterView, ranked } from './letter-views.js';
import { askedBy } from './variant-rules.js';
import { type DryRunQuery, type LetterFilter, letterStatuses } from './letters.schema.js';
import { type ListedAudience, SavedAudiences } from './saved-audiences.service.js';
import { petitionPlaceholders, placeholders } from './placeholders.js';

/** Languages the form offers; the API takes any. */
export const languages = ['en', 'fa', 'ar', 'fr', 'de', 'es', 'it', 'nl', 'pl', 'pt', 'sv', 'tr', 'uk'];
const pageOfDryRun = 100;
/** Changes since the approval that the page lists; the API has all. */
const mostChanges = 200;
/** What a page may say after a redirect: `letters.done.<word>`. */
const done = ['saved', 'tested', 'asked', 'approved', 'dispatched'].concat(
  ['pause', 'resume', 'cancel', 'none'].map((what) => `part-${what}`),
);

/** Monday to Sunday, as the calendar numbers them. */
export const weekdaysIn = (locale: Locale) => {
  const format = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' });
  return Array.from({ length: 7 }, (_, i) => ({ code: String(i + 1), name: format.format(Date.UTC(2024, 0, 1 + i)) }));
};

interface Shown {
  values?: Form;
  errors?: FieldError[];
  done?: string | undefined;
  /** The form of a task, where it was refused. */
  task?: { values: Form; errors: FieldError[] };
}

/** The console pages of this room, as data for their templates. */
@Injectable()
export class LetterPages {
  constructor(
    @Inject(SETTINGS) private readonly configured: Settings,
    private readonly pages: Pages,
    private readonly console: ConsoleContext,
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
    private readonly paces: LetterPaces,
    private readonly parts: LetterParts,
    private readonly previews: LetterPreviews,
    private readonly drafts: LetterDrafts,
    private readonly approvals: Approvals,
    private readonly reports: LetterReports,
    private readonly tasks: LetterTasks,
    private readonly answers: LetterAnswers,
    private readonly audienceService: AudienceService,
    private readonly savedAudiences: SavedAudiences,
    private readonly legislatures: LegislaturesService,
    private readonly petitions: Petitions,
  ) {}

  async list(locale: Locale, request: FastifyRequest) {
    const progress = await this.reports.progress();
    const campaigns = (await this.campaigns.list()).map((campaign) => ({
      ...campaignView(campaign),
      languages: campaign.texts.map((text) => text.locale),
      progress: progress.get(campaign.id) ?? null,
    }));
    return this.render('letters-list', locale, request, '', { campaigns });
  }

  async settings(
    locale: Locale,
    request: FastifyRequest,
    { id, values, errors = [], count = false }: Shown & { values: Form; id?: string; count?: boolean },
  ) {
    const before = id ? await this.campaigns.find(id) : undefined;
    const following = id ? await this.followed(id) : null;
    return this.render('letters-settings', locale, request, id ? `/${id}/settings` : '/new', {
      id: id ?? null,
      title: before?.title ?? null,
      following,
      ...(await this.rulesForm(locale, values, before?.audience, count)),
      weekdays: weekdaysIn(locale),
      modes: campaignModes,
      form: { values, errors },
      languages: languages.map((code) => ({ code, name: languageNameIn(locale, code) })),
      petitions: (await this.petitions.list()).map((petition) => ({
        code: petition.slug,
        name: this.petitions.text(petition, locale).title,
      })),
    });
  }

  /** What the fields of an audience offer, and the count of what is chosen. */
  private async rulesForm(locale: Locale, values: Form, before: Audience | undefined, count: boolean) {
    const legislatures = await this.legislatures.list();
    const slugs = legislatures.map(({ slug }) => slug).filter((slug) => asList(values.legislatures).includes(slug));
    const audience = Audience.safeParse(readAudience(values, before));
    const choices = await this.audienceService.choices(slugs);
    const members =
      audience.success && (count || slugs.length > 0) ? await this.audienceService.preview(audience.data) : null;
    return {
      channels,
      legislatures,
      choices: { ...choices, locales: choices.locales.map((code) => ({ code, name: languageNameIn(locale, code) })) },
      countries: [...new Set(legislatures.map(({ country }) => country))].sort(),
      counts: members && {
        included: members.filter(({ excluded }) => excluded === null).length,
        byChannel: ranked(members.flatMap(({ contactPoint }) => (contactPoint ? [contactPoint.channel] : []))),
        byReason: ranked(members.flatMap(({ excluded }) => (excluded ? [excluded] : []))),
      },
    };
  }

  audiences(locale: Locale, request: FastifyRequest, audiences: ListedAudience[]) {
    return this.render('letters-audiences', locale, request, '/audiences', {
      audiences: audiences.map(({ editedAt, ...audience }) => ({ ...audience, editedAt: editedAt.toISOString() })),
    });
  }

  async savedAudience(
    locale: Locale,
    request: FastifyRequest,
    {
      audience,
      values,
      errors = [],
      count = false,
    }: Shown & { values: Form; audience?: ListedAudience; count?: boolean },
  ) {
    return this.render('letters-saved-audience', locale, request, `/audiences/${audience?.id ?? 'new'}`, {
      id: audience?.id ?? null,
      name: audience?.name ?? null,
      letters: audience?.letters ?? [],
      byHand: { include: audience?.rules.include.length ?? 0, exclude: audience?.rules.exclude.length ?? 0 },
      form: { values, errors },
      ...(await this.rulesForm(locale, values, audience?.rules, count)),
    });
  }

  /** The saved audience that a letter follows. */
  private async followed(id: string): Promise<{ id: string; name: string } | null> {
    const found = (await this.savedAudiences.list()).find(({ letters }) => letters.some((each) => each.id === id));
    return found ? { id: found.id, name: found.name } : null;
  }

  async campaign(
    locale: Locale,
    request: FastifyRequest,
    id: string,
    actor: Actor,
    { errors = [], done: said }: { errors?: FieldError[]; done?: string },
  ) {
    const campaign = await this.campaigns.find(id);
    const state = await this.approvals.state(campaign);
    const plan = isEditable(campaign.state) ? await this.plans.plan(campaign) : null;
    const legislatures = await this.legislatures.list();
    const mayApprove = actor.rights.includes('letters:send') && !authors(campaign, state.standing).has(ownerOf(actor));
    const changes = await this.approvals.changes(campaign);
    const sample = plan && sampleOf(plan);
    const nameOf = (slug: string) => legislatures.find((each) => each.slug === slug)?.name ?? slug;
    return this.render('letters-campaign', locale, request, `/${id}`, {
      campaign: this.shown(campaign),
      errors,
      done: said && done.includes(said) ? said : null,
      editable: isEditable(campaign.state),
      legislatureNames: campaign.audience.legislatures.map(nameOf),
      saved: (await this.savedAudiences.list()).map(({ id: code, name }) => ({ code, name })),
      following: await this.followed(id),
      attachmentLimits: { file: this.configured.ATTACHMENT_KB, all: this.configured.ATTACHMENTS_KB },
      attachmentsSize: campaign.attachments.reduce((sum, { size }) => sum + encodedSize(size), 0),
      approval: approvalView(state),
      // Newcomers to the audience are among the changes, but never were on the list.
      toDispatch:
        (state.standing?.lawmakerIds?.length ?? 0) - changes.filter(({ reason }) => reason !== 'not-approved').length,
      mayApprove,
      listSha256: mayApprove && campaign.state === 'in_review' ? await this.approvals.listSha256(campaign) : null,
      changed: changes.length,
      changes: changes.slice(0, mostChanges),
      counts: plan && audienceCounts(plan, campaign),
      pacePlan: plan && withFewMailboxes(await this.paces.preview(campaign, plan)),
      parts: actor.rights.includes('letters:send') ? await this.parts.list(campaign) : [],
      pace: plan ? null : await this.paces.shown(campaign),
      sample: sample?.letter
        ? { lawmakerId: sample.member.lawmakerId, ...sample.letter, text: wordsFor(actor, sample.letter.text) }
        : null,
      report: plan ? null : await this.reports.report(id),
      languages: languages
        .filter((code) => !campaign.texts.some((text) => text.locale === code))
        .map((code) => ({ code, name: languageNameIn(locale, code) })),
    });
  }

  async text(locale: Locale, request: FastifyRequest, id: string, language: string, form?: Shown) {
    const campaign = await this.campaigns.find(id);
    const written = campaign.texts.find((text) => text.locale === language);
    const values = form?.values ?? { subject: written?.subject, body: written?.body ?? '{{ salutation }},\n\n' };
    return this.render('letters-text', locale, request, `/${id}/text?language=${language}`, {
      campaign: this.shown(campaign),
      language: { code: language, name: languageNameIn(locale, language), dir: direction(language) },
      placeholders: campaign.petitionId ? [...placeholders, ...petitionPlaceholders] : placeholders,
      filters: letterFilters,
      exists: written !== undefined,
      form: { values },
      draft: await this.drafts.text(id, language, values),
      errors: form?.errors ?? [],
    });
  }

  /** A piece of a page. */
  draft(locale: Locale, draft: LetterDraft) {
    return this.pages.render('letters-draft', locale, { draft });
  }

  async dryRun(locale: Locale, request: FastifyRequest, id: string, query: DryRunQuery) {
    const campaign = await this.campaigns.find(id);
    const plan = await this.plans.plan(campaign);
    const { show } = query;
    const { lawmakers, next } = dryRunPage(plan, query, pageOfDryRun);
    return this.render('letters-audience', locale, request, `/${id}/audience`, {
      campaign: this.shown(campaign),
      counts: audienceCounts(plan, campaign),
      show,
      following: await this.followed(id),
      editable: isEditable(campaign.state),
      lawmakers,
      next: next && `/${locale}/console/letters/${id}/audience?show=${show}&after=${next}`,
    });
  }

  async preview(locale: Locale, request: FastifyRequest, id: string, lawmakerId: string, actor: Actor, form?: Shown) {
    const campaign = await this.campaigns.find(id);
    const preview = await this.previews.show(id, lawmakerId, actor);
    return this.render('letters-preview', locale, request, `/${id}/previews/${lawmakerId}`, {
      campaign: this.shown(campaign),
      preview,
      editable: isEditable(campaign.state),
      part: actor.rights.includes('letters:send') ? await this.parts.one(campaign, lawmakerId) : null,
      done: form?.done && done.includes(form.done) ? form.done : null,
      form: { values: form?.values ?? { text: preview.postscript }, errors: form?.errors ?? [] },
      letterDir: direction(preview.locale ?? locale),
    });
  }

  async letters(locale: Locale, request: FastifyRequest, id: string, filter: LetterFilter) {
    const campaign = await this.campaigns.find(id);
    const { letters, next } = await this.reports.letters(id, filter);
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...filter, after: next })) if (value) query.set(name, String(value));
    return this.render('letters-letters', locale, request, `/${id}/letters`, {
      campaign: this.shown(campaign),
      letters: letters.map(letterView),
      filter,
      channels,
      statuses: letterStatuses,
      returnKinds,
      stances,
      next: next ? `/${locale}/console/letters/${id}/letters?${query.toString()}` : null,
    });
  }

  async letter(locale: Locale, request: FastifyRequest, id: string, letterId: string, actor: Actor, form?: Shown) {
    const campaign = await this.campaigns.find(id);
    const { subject, body, contact, note, proof, outcome, tries, triedAt, ...letter } = await this.tasks.find(
      id,
      letterId,
    );
    const row = await this.reports.one(id, letterId);
    return this.render('letters-letter', locale, request, `/${id}/letters/${letterId}`, {
      campaign: this.shown(campaign),
      letter: {
        ...letterView(row),
        ...{ subject, body: wordsFor(actor, body), contact, note, proof, outcome, tries, triedAt, state: letter.state },
      },
      proofIsLink: /^https?:\/\/\S+$/.test(proof ?? ''),
      outcomes: callOutcomes.map((code) => ({ code, name: translate(locale, `letters.outcome.${code}`) })),
      task: form?.task ?? { values: {}, errors: [] },
      answer: await this.answers.find(id, letterId),
      part: actor.rights.includes('letters:send') ? await this.parts.one(campaign, letter.lawmakerId) : null,
      done: form?.done && done.includes(form.done) ? form.done : null,
      stances: stances.map((code) => ({ code, name: translate(locale, `letters.stance.${code}`) })),
      values: form?.values ?? null,
      errors: form?.errors ?? [],
      letterDir: direction(letter.locale ?? locale),
      isLink: letter.channel === 'form' && /^https?:\/\//.test(contact ?? ''),
      number: letter.channel === 'phone' ? dialled(contact ?? '') : null,
    });
  }

  async report(locale: Locale, request: FastifyRequest, id: string) {
    const campaign = await this.campaigns.find(id);
    const [report, days] = [await this.reports.report(id), await this.reports.timeline(id)];
    return this.render('letters-report', locale, request, `/${id}/report`, {
      campaign: this.shown(campaign),
      report,
      ...letterPlots(report, days, direction(locale), new Date().toISOString().slice(0, 10)),
      returnsTaken: this.configured.RETURN_DOMAIN !== undefined,
    });
  }

  async print(locale: Locale, request: FastifyRequest, id: string, actor: Actor) {
    const campaign = await this.campaigns.find(id);
    const sheets = (await this.tasks.open(id, 'post')).map(
      ({ lawmakerName, contact, subject, body, locale: language }) => ({
        lawmakerName,
        contact,
        subject,
        body: wordsFor(actor, body),
        language,
        dir: direction(language ?? locale),
        enclosures: enclosuresWord(language ?? locale),
        date: formatDate(language ?? locale, campaign.datedAt ?? new Date()),
      }),
    );
    return this.render('letters-print', locale, request, `/${id}/print`, {
      campaign: this.shown(campaign),
      sheets,
    });
  }

  /** Every call that is still to be made, on one page to work from or to print. */
  async calls(locale: Locale, request: FastifyRequest, id: string, actor: Actor) {
    const campaign = await this.campaigns.find(id);
    const calls = (await this.tasks.open(id, 'phone')).map((letter) => ({
      ...{ id: letter.id, lawmakerName: letter.lawmakerName, party: letter.party, chamber: letter.chamber },
      ...{ area: letter.area, contact: letter.contact, number: dialled(letter.contact ?? '') },
      ...{ subject: letter.subject, body: wordsFor(actor, letter.body), tries: letter.tries, triedAt: letter.triedAt },
      ...{ language: letter.locale, dir: direction(letter.locale ?? locale) },
    }));
    return this.render('letters-calls', locale, request, `/${id}/calls`, {
      campaign: this.shown(campaign),
      calls,
      outcomes: callOutcomes,
    });
  }

  /** Plain JSON: templates call functions they find. */
  shown(campaign: WholeCampaign) {
    return {
      ...campaignView(campaign),
      variants: campaign.variants.map(({ id, name, locale, subject, rules }) => ({
        ...{ id, name, locale, subject, dir: direction(locale) },
        because: askedBy(rules),
      })),
      texts: campaign.texts.map(({ locale, subject, body, editedAt }) => ({
        locale,
        subject,
        body,
        dir: direction(locale),
        editedAt: editedAt.toISOString(),
      })),
    };
  }

  render(template: string, locale: Locale, request: FastifyRequest, path: string, context: object) {
    return this.pages.render(template, locale, {
      ...this.console.context(request),
      nav: 'letters',
      path: `/console/letters${path}`,
      base: `/${locale}/console/letters`,
      ...context,
    });
  }
}

/** Bytes of a file in a mail: base64 in lines of 76 characters. */
const encodedSize = (bytes: number) => Math.ceil((Math.ceil(bytes / 3) * 4 * 78) / 76);
const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : value ? [value] : []);

/** For a tel: link (RFC 3966): digits and the plus at the beginning, without an extension; null where it is no number. */
function dialled(written: string): string | null {
  const [number] = /^\+?[\d\s()./-]{3,30}/.exec(written.trim()) ?? [];
  const digits = number?.replaceAll(/\D/g, '') ?? '';
  return digits.length < 3 ? null : `${number!.startsWith('+') ? '+' : ''}${digits}`;
}
