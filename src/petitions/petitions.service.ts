import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Counts } from '../countlog/counts.service.js';
import { Logs } from '../countlog/logs.service.js';
import { defaultLocale } from '../site/languages.js';
import { problems } from '../site/problem.js';
import { type Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { textHash, textsHash } from './text-hash.js';
import { PetitionText } from './petition-text.entity.js';
import { Petition, type PetitionState } from './petition.entity.js';
import type { NewPetition } from './petitions.schema.js';

/** A petition with its newest words in every language it has. */
export interface PublishedPetition extends Petition {
  texts: PetitionText[];
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
    private readonly audit: AuditService,
  ) {}

  /** Every petition the public may see, newest first. */
  async list(): Promise<PublishedPetition[]> {
    return (await this.all()).filter((petition) => petition.state !== 'draft');
  }

  /** Every petition, drafts included, newest first. */
  all(): Promise<PublishedPetition[]> {
    return this.load(this.database.manager);
  }

  /**
   * From a cache of one second: this stands before every page and every signature.
   * @throws Problem not-found, also for drafts
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
    if (!petition || petition.state === 'draft') throw problems.notFound('There is no petition of this name.');
    return petition;
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

  /** Creates a petition with its first texts, as a draft or already open. Does nothing if the slug is taken. */
  async create(petition: NewPetition, state: PetitionState, actor: Actor | 'system'): Promise<void> {
    await this.database.transaction(async (tx) => {
      const id = uuidv7();
      const added = await tx.query(
        `INSERT INTO petitions (id, slug, state, started_by, goal, fact_checked_on, review_after_days, opened_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $3 = 'open' THEN now() END)
         ON CONFLICT (slug) DO NOTHING RETURNING id`,
        [id, petition.slug, state, petition.startedBy, petition.goal, petition.factCheckedOn, petition.reviewAfterDays],
      );
      if (added.length === 0) return;
      for (const [locale, words] of Object.entries(petition.texts)) {
        await tx.insert(PetitionText, {
          petitionId: id,
          locale,
          version: 1,
          ...words,
          sha256: textHash(locale, words),
        });
      }
      if (state === 'open') await this.openLog(tx, id, petition.slug);
      await this.audit.record(tx, { actor, action: 'petition.created', subject: petition.slug, detail: { state } });
    });
  }

  /** draft -> open -> closed -> open again. @throws Problem wrong-state */
  async move(slug: string, to: 'open' | 'closed', actor: Actor): Promise<void> {
    const from = { open: ['draft', 'closed'], closed: ['open'] }[to];
    await this.database.transaction(async (tx) => {
      const [moved] = await tx.query(
        `UPDATE petitions SET state = $2::text,
           opened_at = CASE WHEN $2::text = 'open' THEN coalesce(opened_at, now()) ELSE opened_at END,
           closed_at = CASE WHEN $2::text = 'closed' THEN now() END
         WHERE slug = $1 AND state = ANY ($3) RETURNING id`,
        [slug, to, from],
      );
      if (moved.length === 0)
        throw problems.wrongState(`Only a petition that is ${from.join(' or ')} can become ${to}.`);
      if (to === 'open') await this.openLog(tx, moved[0].id, slug);
      await this.audit.record(tx, { actor, action: `petition.${to}`, subject: slug });
    });
    this.bySlug.delete(slug);
  }

  /** The text in this language, else in the default one, else in any. */
  text(petition: PublishedPetition, locale: string): PetitionText {
    const find = (wanted: string) => petition.texts.find((text) => text.locale === wanted);
    return find(locale) ?? find(defaultLocale) ?? petition.texts[0]!;
  }

  /** The log begins with a digest of the words, so that nobody can be said to have signed others. */
  private async openLog(tx: EntityManager, petitionId: string, slug: string): Promise<void> {
    const texts = await tx.findBy(PetitionText, { petitionId });
    const digests = Object.fromEntries(
      texts.map(({ locale, version, sha256 }) => [`${locale}/${version}`, sha256.toString('hex')]),
    );
    const [{ today }] = await tx.query(`SELECT (now() AT TIME ZONE 'UTC')::date::text AS today`);
    await this.logs.open(tx, petitionId, slug, { opened: today as string, text_sha256: textsHash(digests), v: 1 });
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
    const texts = await manager
      .createQueryBuilder(PetitionText, 'text')
      .distinctOn(['text.petition_id', 'text.locale'])
      .where('text.petition_id IN (:...ids)', { ids: petitions.map(({ id }) => id) })
      .orderBy({ 'text.petition_id': 'ASC', 'text.locale': 'ASC', 'text.version': 'DESC' })
      .getMany();
    return petitions.map((petition) => ({
      ...petition,
      texts: texts.filter((text) => text.petitionId === petition.id),
    }));
  }
}
