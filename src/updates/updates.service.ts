import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type FindOptionsWhere, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Coalitions } from '../coalitions/coalitions.service.js';
import { PetitionExtras } from '../petitions/petition-extras.js';
import { Petitions, type PublishedPetition } from '../petitions/petitions.service.js';
import { textsHash } from '../petitions/text-hash.js';
import { defaultLocale, type Locale } from '../site/languages.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { isOut, moves, type UpdateMove, updateStates } from './update-states.js';
import { UpdateText } from './update-text.entity.js';
import { Update } from './update.entity.js';
import type { NewUpdate, UpdateWords } from './updates.schema.js';

export interface WrittenUpdate extends Update {
  texts: UpdateText[];
}

const freshFor = 1000;

/** Writing updates, and moving them on: every change of the words voids what was asked of colleagues. */
@Injectable()
export class Updates {
  private readonly known = new Map<string, { update: Promise<WrittenUpdate | null>; until: number }>();

  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly coalitions: Coalitions,
    private readonly audit: AuditService,
    extras: PetitionExtras,
  ) {
    extras.register('updates', (petitionIds) => this.those(petitionIds));
  }

  /** All of a petition, the latest first. @throws Problem not-found */
  async list(slug: string): Promise<WrittenUpdate[]> {
    const { id } = await this.petitions.findForStaff(slug);
    return this.load(this.database.manager, { petitionId: id });
  }

  /** What the public may read, the latest first. @throws Problem not-found */
  async published(slug: string): Promise<WrittenUpdate[]> {
    const { id } = await this.petitions.find(slug);
    return this.load(this.database.manager, { petitionId: id, state: In(updateStates.filter(isOut)) });
  }

  /** @throws Problem not-found */
  async find(slug: string, id: string): Promise<WrittenUpdate> {
    const petition = await this.petitions.findForStaff(slug);
    const [update] = await this.load(this.database.manager, { petitionId: petition.id, id });
    if (!update) throw problems.notFound('There is no such update.');
    return update;
  }

  /** Those that a colleague has to read, in every petition; the oldest first. */
  waitingForReview(): Promise<{ id: string; petition: string }[]> {
    return this.database.query(
      `SELECT u.id, p.slug AS petition FROM updates u JOIN petitions p ON p.id = u.petition_id
       WHERE u.state = 'in_review' ORDER BY u.id LIMIT 50`,
    );
  }

  /** For its mails, from a cache of one second: thousands of them ask for the same one. */
  async ofMail(id: string): Promise<WrittenUpdate | null> {
    let known = this.known.get(id);
    if (!known || known.until < Date.now()) {
      const update = this.load(this.database.manager, { id }).then(([found]) => found ?? null);
      update.catch(() => this.known.delete(id));
      known = { update, until: Date.now() + freshFor };
      if (this.known.size > 100) this.known.clear();
      this.known.set(id, known);
    }
    return known.update;
  }

  /**
   * @returns its id
   * @throws Problem not-found, also while the petition was never open; forbidden in the name of an organisation one does not act for
   */
  async create(slug: string, { texts, organisation }: NewUpdate, actor: Actor): Promise<string> {
    const petition = await this.petitions.find(slug);
    if (organisation) await this.coalitions.actFor(slug, organisation, actor);
    const id = uuidv7();
    await this.database.transaction(async (tx) => {
      await tx.insert(Update, {
        ...{ petitionId: petition.id, id, organisationId: organisation, authors: [ownerOf(actor)] },
      });
      for (const [locale, words] of Object.entries(texts as Record<string, UpdateWords>)) {
        await tx.insert(UpdateText, { petitionId: petition.id, updateId: id, locale, ...words });
      }
      await this.audit.record(tx, { actor, action: 'update.created', subject: slug, detail: { id, organisation } });
    });
    return id;
  }

  /** Replaces the words in one language, or adds them; what was in review is a draft again. @throws Problem wrong-state */
  async write(slug: string, id: string, locale: Locale, words: UpdateWords, actor: Actor): Promise<void> {
    await this.move(slug, id, 'writing', actor, { locale }, async (tx, update) => {
      const { petitionId } = update;
      await tx.upsert(UpdateText, { petitionId, updateId: id, locale, ...words }, ['petitionId', 'updateId', 'locale']);
      await addAuthor(tx, update, actor);
    });
  }

  /** Hands it to a colleague, who reads it before anybody else does. @throws Problem wrong-state */
  submit(slug: string, id: string, actor: Actor): Promise<void> {
    return this.move(slug, id, 'review', actor, {}, async (tx, update) => {
      await addAuthor(tx, update, actor);
      await tx.update(Update, { petitionId: update.petitionId, id }, { returnReason: null });
    });
  }

  /** Gives it back to its author. @throws Problem wrong-state */
  reject(slug: string, id: string, reason: string, actor: Actor): Promise<void> {
    return this.move(slug, id, 'rejection', actor, { reason }, (tx, { petitionId }) =>
      tx.update(Update, { petitionId, id }, { returnReason: reason }),
    );
  }

  /**
   * Publishes it, and lets it go to everybody who wants it.
   * @param sha256 of the words that were read
   * @throws Problem forbidden for whoever wrote or submitted it, conflict if other words stand there by now
   */
  async approve(slug: string, id: string, sha256: string, actor: Actor): Promise<void> {
    const { organisation } = await this.find(slug, id);
    if (organisation?.endedAt) throw problems.refusal('organisation-left');
    return this.move(slug, id, 'approval', actor, { sha256 }, async (tx, update) => {
      if (update.authors.includes(ownerOf(actor))) {
        throw problems.refusal('needs-second-person');
      }
      const [standing] = await this.load(tx, { petitionId: update.petitionId, id });
      if (digestOf(standing!) !== sha256) {
        throw problems.refusal('changed-meanwhile');
      }
      await tx.update(
        Update,
        { petitionId: update.petitionId, id },
        { approvedByName: actor.name, approvedAt: () => 'now()' },
      );
    });
  }

  /** One move of its life, with the row locked and the audit entry in the same transaction. */
  async move(
    slug: string,
    id: string,
    move: UpdateMove,
    actor: Actor,
    detail: Record<string, unknown>,
    work: (tx: EntityManager, update: Update) => Promise<unknown>,
  ): Promise<void> {
    const petition = await this.petitions.findForStaff(slug);
    await this.database.transaction(async (tx) => {
      const update = await tx.findOne(Update, {
        where: { petitionId: petition.id, id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!update) throw problems.notFound('There is no such update.');
      const { from, to } = moves[move];
      if (!from.some((state) => state === update.state)) {
        throw problems.refusal('update-state', { state: update.state });
      }
      await tx.update(Update, { petitionId: petition.id, id }, { state: to });
      await work(tx, update);
      await this.audit.record(tx, { actor, action: `update.${move}`, subject: slug, detail: { id, ...detail } });
    });
    this.known.delete(id);
    this.petitions.forget(slug);
  }

  /** Of these petitions those with an update that is out. */
  private async those(petitionIds: string[]): Promise<string[]> {
    const rows: { id: string }[] = await this.database.query(
      `SELECT DISTINCT petition_id AS id FROM updates WHERE petition_id = ANY ($1) AND state IN ('sending', 'sent')`,
      [petitionIds],
    );
    return rows.map(({ id }) => id);
  }

  private async load(manager: EntityManager, where: FindOptionsWhere<Update>): Promise<WrittenUpdate[]> {
    const updates = await manager.find(Update, {
      ...{ where, order: { approvedAt: 'DESC', id: 'DESC' }, relations: { organisation: true } },
    });
    const texts = await manager.find(UpdateText, {
      where: { updateId: In(updates.map(({ id }) => id)) },
      order: { locale: 'ASC' },
    });
    return updates.map((update) => ({ ...update, texts: texts.filter(({ updateId }) => updateId === update.id) }));
  }
}

/** The words in this language, else in the default one, else in any. */
export const wordsIn = (update: WrittenUpdate, locale: string): UpdateText =>
  update.texts.find((text) => text.locale === locale) ??
  update.texts.find((text) => text.locale === defaultLocale) ??
  update.texts[0]!;

/** Whose agreement it needs: see `Topic`. */
export const topicOf = (update: Update): string => update.organisationId ?? 'news';

/** Who writes it: the organisation, or whoever started the petition; null: the organisation has left. */
export const writerOf = (petition: PublishedPetition, { organisationId }: Update): string | null =>
  organisationId === null
    ? petition.startedBy
    : (petition.organisations.find(({ id }) => id === organisationId)?.name ?? null);

/** SHA-256 over everything that is sent, and to whom, in hex: what an approver says yes to. */
export const digestOf = (update: WrittenUpdate): string =>
  textsHash({
    to: topicOf(update),
    ...Object.fromEntries(update.texts.map(({ locale, title, body }) => [locale, `${title}\n${body}`])),
  });

const addAuthor = (tx: EntityManager, { petitionId, id, authors }: Update, actor: Actor) =>
  tx.update(Update, { petitionId, id }, { authors: [...new Set([...authors, ownerOf(actor)])] });
