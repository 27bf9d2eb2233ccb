import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Counts } from '../countlog/counts.service.js';
import { Logs, type LogState } from '../countlog/logs.service.js';
import { defaultLocale } from '../site/languages.js';
import { AnswerCache } from '../site/answer-cache.js';
import { problems } from '../site/problem.js';
import { type Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { newestTexts, PetitionLog } from './petition-log.service.js';
import { Organisation } from './organisation.entity.js';
import { isPublic } from './petition-states.js';
import { PetitionText } from './petition-text.entity.js';
import { Petition } from './petition.entity.js';
import type { PetitionWords } from './petition-words.schema.js';
import type { NewPetition } from './petitions.schema.js';
import { textHash } from './text-hash.js';

/** A petition with its newest words in every language it has, its organisations, and how its log stands. */
export interface PublishedPetition extends Petition {
  texts: PetitionText[];
  /** Those that stand behind it now. */
  organisations: Organisation[];
  log: LogState;
}

const freshFor = 1000;

@Injectable()
export class Petitions {
  private readonly bySlug = new Map<string, { petition: Promise<PublishedPetition | null>; until: number }>();

  /** A slug never changes. */
  private readonly slugs = new Map<string, string>();

  constructor(
    private readonly database: DataSource,
    private readonly counts: Counts,
    private readonly logs: Logs,
    private readonly petitionLog: PetitionLog,
    private readonly audit: AuditService,
    private readonly answers: AnswerCache,
  ) {}

  /** Every petition the public may see, newest first. */
  async list(): Promise<PublishedPetition[]> {
    return (await this.all()).filter((petition) => isPublic(petition.state));
  }

  /** Every petition, drafts included, newest first. */
  all(): Promise<PublishedPetition[]> {
    return this.load(this.database.manager);
  }

  /**
   * From a cache of one second: this stands before every page and every signature.
   * @throws Problem not-found, also for what was never open
   */
  async find(slug: string): Promise<PublishedPetition> {
    let known = this.bySlug.get(slug);
    if (!known || known.until < Date.now()) {
      const petition = this.load(this.database.manager, slug).then(([found]) => found ?? null);
      petition.catch(() => this.bySlug.delete(slug));
      known = { petition, until: Date.now() + freshFor };
      if (this.bySlug.size > 1000) this.bySlug.clear();
      this.bySlug.set(slug, known);
    }
    const petition = await known.petition;
    if (!petition || !isPublic(petition.state)) throw problems.notFound('There is no petition of this name.');
    return petition;
  }

  /** For staff: also what the public does not see yet, as it is at this moment. @throws Problem not-found */
  async findForStaff(slug: string): Promise<PublishedPetition> {
    const [petition] = await this.load(this.database.manager, slug);
    if (!petition) throw problems.notFound('There is no petition of this name.');
    return petition;
  }

  /** Whoever has changed a petition calls this when that is committed. */
  forget(slug: string): void {
    this.bySlug.delete(slug);
    this.answers.expire();
  }

  /** By id, for those who have it from a link or a row. @throws Problem not-found */
  async byId(id: string): Promise<PublishedPetition> {
    let slug = this.slugs.get(id);
    if (!slug) {
      slug = (await this.database.manager.findOneBy(Petition, { id }))?.slug;
      if (!slug) throw problems.notFound();
      this.slugs.set(id, slug);
    }
    return this.find(slug);
  }

  /**
   * Creates a petition with its first texts, as a draft or already open.
   * @returns false if the slug is taken: then nothing was done
   */
  create(petition: NewPetition, state: 'draft' | 'open', actor: Actor | 'system'): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const id = uuidv7();
      const added = await tx.query(
        `INSERT INTO petitions (id, slug, state, started_by, goal, fact_checked_on, review_after_days, hold_minutes,
           original_locale, authors, opened_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $3 = 'open' THEN now() END)
         ON CONFLICT (slug) DO NOTHING RETURNING id`,
        [
          ...[id, petition.slug, state, petition.startedBy, petition.goal, petition.factCheckedOn],
          ...[petition.reviewAfterDays, petition.holdMinutes, petition.originalLocale],
          actor === 'system' ? [] : [ownerOf(actor)],
        ],
      );
      if (added.length === 0) return false;
      const texts = petition.texts as Record<string, PetitionWords>;
      const original = textHash(petition.originalLocale, texts[petition.originalLocale]!);
      for (const [locale, words] of Object.entries(texts)) {
        await tx.insert(PetitionText, {
          petitionId: id,
          locale,
          version: 1,
          ...words,
          sha256: textHash(locale, words),
          follows: locale === petition.originalLocale ? null : original,
          writtenBy: actor === 'system' ? null : actor.name,
        });
      }
      await this.logs.prepare(tx, id, petition.slug, petition.publication);
      if (state === 'open') await this.petitionLog.begin(tx, id, petition.slug);
      await this.audit.record(tx, { actor, action: 'petition.created', subject: petition.slug, detail: { state } });
      return true;
    });
  }

  /** A draft of somebody. @throws Problem invalid if the slug is taken */
  async createNew(petition: NewPetition, actor: Actor): Promise<void> {
    if (await this.create(petition, 'draft', actor)) return;
    throw problems.invalid([{ field: 'slug', code: 'slug-taken', message: 'There is a petition of this name.' }]);
  }

  /** The text in this language, else in the default one, else in any. */
  text(petition: PublishedPetition, locale: string): PetitionText {
    const find = (wanted: string) => petition.texts.find((text) => text.locale === wanted);
    return find(locale) ?? find(defaultLocale) ?? petition.texts[0]!;
  }

  /** What a page says of a petition in passing, and in which language that is: hers where there are words in it. */
  heading(petition: PublishedPetition, locale: string) {
    const { title, ask, addressee, locale: textLocale } = this.text(petition, locale);
    return { slug: petition.slug, state: petition.state, title, ask, addressee, textLocale };
  }

  count(petition: Petition) {
    return this.counts.of(petition.id);
  }

  private async load(manager: EntityManager, slug?: string): Promise<PublishedPetition[]> {
    const petitions = await manager.find(Petition, {
      where: slug ? { slug } : {},
      order: { createdAt: 'DESC', id: 'DESC' },
    });
    if (petitions.length === 0) return [];
    const ids = petitions.map(({ id }) => id);
    const texts = await newestTexts(manager, ...ids);
    const logs = await this.logs.states(manager, ids);
    const organisations = await manager.find(Organisation, {
      where: { petitionId: In(ids), endedAt: IsNull() },
      order: { addedAt: 'ASC', id: 'ASC' },
    });
    return petitions.map((petition) => ({
      ...petition,
      organisations: organisations.filter(({ petitionId }) => petitionId === petition.id),
      texts: texts.filter((text) => text.petitionId === petition.id),
      log: logs.get(petition.id)!,
    }));
  }
}
