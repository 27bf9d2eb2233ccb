import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { mostOrganisations, Organisation } from '../petitions/organisation.entity.js';
import { lockPetition } from '../petitions/petition-moves.service.js';
import { Petitions } from '../petitions/petitions.service.js';
import { News } from '../signatures/news.service.js';
import { problems } from '../site/problem.js';
import type { Actor } from '../staff/access.js';
import { AuditService } from '../staff/audit.service.js';
import { Staff } from '../staff/staff.service.js';
import { ownerOf } from '../staff/tokens.service.js';
import { OrganisationPerson } from './organisation-person.entity.js';
import type { NewOrganisation, OrganisationChange, OrganisationRecord } from './organisations.schema.js';

/**
 * Several organisations on one petition. Signers agree with each by itself, so each gets only those who agreed with it, and
 * none gets anybody from before it came. Who acts for one cannot touch another; where an organisation has people of its own,
 * nobody else changes to whom its exports are encrypted.
 */
@Injectable()
export class Coalitions {
  constructor(
    private readonly database: DataSource,
    private readonly petitions: Petitions,
    private readonly news: News,
    private readonly staff: Staff,
    private readonly audit: AuditService,
  ) {}

  /** Those that have left, too, in the order in which they came. @throws Problem not-found */
  async list(slug: string): Promise<OrganisationRecord[]> {
    const { id: petitionId } = await this.petitions.findForStaff(slug);
    const organisations = await this.database.manager.find(Organisation, {
      where: { petitionId },
      order: { addedAt: 'ASC', id: 'ASC' },
    });
    return Promise.all(organisations.map((organisation) => this.record(organisation)));
  }

  /** @throws Problem not-found */
  async one(slug: string, id: string): Promise<OrganisationRecord> {
    return this.record(await this.find(this.database.manager, slug, id));
  }

  /** @returns its id @throws Problem invalid for a name that is there; wrong-state when archived, or when there are enough */
  async add(slug: string, organisation: NewOrganisation, actor: Actor): Promise<string> {
    const id = uuidv7();
    await this.database.transaction(async (tx) => {
      const petition = await lockPetition(tx, slug);
      if (petition.state === 'archived') throw problems.refusal('petition-archived');
      const there = await tx.findBy(Organisation, { petitionId: petition.id });
      const active = there.filter(({ endedAt }) => endedAt === null);
      if (active.some(({ name }) => name.toLowerCase() === organisation.name.toLowerCase())) {
        throw problems.invalid([{ field: 'name', code: 'name-taken', message: 'There is one of this name.' }]);
      }
      if (active.length >= mostOrganisations) {
        throw problems.refusal('full-already', { most: mostOrganisations });
      }
      await tx.insert(Organisation, { petitionId: petition.id, id, ...organisation });
      await this.audit.record(tx, {
        actor,
        action: 'organisation.added',
        subject: slug,
        detail: { id, ...organisation },
      });
    });
    this.petitions.forget(slug);
    return id;
  }

  /** Changes what is given, but never the name. @throws Problem forbidden, not-found, wrong-state when it has left */
  async change(slug: string, id: string, change: OrganisationChange, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const organisation = await this.lock(tx, slug, id);
      await this.refuseOthers(tx, organisation, actor, 'own people only');
      const { url, privacyUrl, recipient } = organisation;
      const before: Record<string, unknown> = { url, privacyUrl, recipient };
      const changed = Object.entries(change).filter(([name, value]) => value !== undefined && value !== before[name]);
      if (changed.length === 0) return;
      await tx.update(Organisation, { petitionId: organisation.petitionId, id }, Object.fromEntries(changed));
      const detail = Object.fromEntries(changed.map(([name, value]) => [name, { was: before[name], is: value }]));
      await this.audit.record(tx, { actor, action: 'organisation.changed', subject: slug, detail: { id, ...detail } });
    });
    this.petitions.forget(slug);
  }

  /** It leaves: its agreements are good for nothing any more. Should it come back, it begins with nobody. */
  async end(slug: string, id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const organisation = await this.lock(tx, slug, id);
      await tx.update(Organisation, { petitionId: organisation.petitionId, id }, { endedAt: () => 'now()' });
      await this.audit.record(tx, { actor, action: 'organisation.ended', subject: slug, detail: { id } });
    });
    this.petitions.forget(slug);
  }

  /**
   * Lets a member of staff act for it, and from then on for no other organisation. Twice is once.
   * @throws Problem invalid for an admin, who acts for all
   */
  async addPerson(slug: string, id: string, staffId: string, actor: Actor): Promise<void> {
    const known = (await this.staff.list()).find((member) => member.id === staffId && member.disabledAt === null);
    const refuse = (code: string, message: string) => problems.invalid([{ field: 'staffId', code, message }]);
    if (!known) throw refuse('invalid_value', 'There is no such member of staff.');
    if (known.role === 'admin') throw refuse('not-an-admin', 'An admin acts for everybody already.');
    await this.database.transaction(async (tx) => {
      const { petitionId } = await this.lock(tx, slug, id);
      await tx.query(
        `INSERT INTO organisation_people (petition_id, organisation_id, staff_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
        [petitionId, id, staffId],
      );
      await this.audit.record(tx, {
        actor,
        action: 'organisation.person-added',
        subject: slug,
        detail: { id, staffId },
      });
    });
  }

  /** Twice is once. */
  async removePerson(slug: string, id: string, staffId: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const { petitionId } = await this.lock(tx, slug, id);
      await tx.delete(OrganisationPerson, { petitionId, organisationId: id, staffId });
      const detail = { id, staffId };
      await this.audit.record(tx, { actor, action: 'organisation.person-removed', subject: slug, detail });
    });
  }

  /** For whoever exports or writes in its name. @throws Problem forbidden, not-found, wrong-state when it has left */
  async actFor(slug: string, id: string, actor: Actor): Promise<Organisation> {
    const organisation = await this.find(this.database.manager, slug, id);
    if (organisation.endedAt) throw problems.refusal('organisation-left');
    await this.refuseOthers(this.database.manager, organisation, actor);
    return organisation;
  }

  /**
   * Its own people may; so may an admin who acts for none, unless it is for its own people alone and it has some.
   * @throws Problem forbidden
   */
  private async refuseOthers(
    manager: EntityManager,
    { petitionId, id }: Organisation,
    actor: Actor,
    who: 'admins too' | 'own people only' = 'admins too',
  ): Promise<void> {
    const mine = await manager.findBy(OrganisationPerson, { staffId: ownerOf(actor) });
    if (mine.some((each) => each.petitionId === petitionId && each.organisationId === id)) return;
    const owned =
      who === 'own people only' && (await manager.countBy(OrganisationPerson, { petitionId, organisationId: id })) > 0;
    if (mine.length === 0 && !owned && actor.rights.includes('organisations:manage')) return;
    throw problems.refusal('not-your-organisation');
  }

  private async find(manager: EntityManager, slug: string, id: string): Promise<Organisation> {
    const petition = await this.petitions.findForStaff(slug);
    return this.findIn(manager, petition.id, id);
  }

  private async findIn(manager: EntityManager, petitionId: string, id: string): Promise<Organisation> {
    const organisation = await manager.findOneBy(Organisation, { petitionId, id });
    if (!organisation) throw problems.notFound('There is no such organisation.');
    return organisation;
  }

  /** With the petition's row, so that changes of its organisations come one after the other. */
  private async lock(tx: EntityManager, slug: string, id: string): Promise<Organisation> {
    const organisation = await this.findIn(tx, (await lockPetition(tx, slug)).id, id);
    if (organisation.endedAt) throw problems.refusal('organisation-left');
    return organisation;
  }

  private async record(organisation: Organisation): Promise<OrganisationRecord> {
    const { petitionId, id, name, url, privacyUrl, recipient, addedAt, endedAt } = organisation;
    const people: { staffId: string; name: string }[] = await this.database.query(
      `SELECT p.staff_id AS "staffId", s.name FROM organisation_people p JOIN staff_members s ON s.id = p.staff_id
       WHERE p.petition_id = $1 AND p.organisation_id = $2 ORDER BY s.name`,
      [petitionId, id],
    );
    return {
      ...{ id, name, url, privacyUrl, recipient, addedAt: addedAt.toISOString() },
      endedAt: endedAt?.toISOString() ?? null,
      agreed: await this.news.audience(petitionId, id),
      people,
    };
  }
}
