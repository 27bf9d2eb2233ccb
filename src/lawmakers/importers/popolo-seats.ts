import { z } from 'zod';
import type { DocumentItem } from './document-items.js';
import { readEndDate } from './field-words.js';
import { distinctGroups } from './group-lists.js';
import type { ImportedGroup, Notebook, Place } from './import-record.js';
import { plainLine } from './plain-text.js';

const text = z.union([z.string(), z.number()]).nullish().catch(null);
const Named = z.looseObject({
  id: text,
  name: text,
  label: text,
  classification: text,
  parent_id: text,
  organization_id: text,
  role: text,
  start_date: text,
  end_date: text,
  area_id: text,
  area: z.looseObject({ name: text }).nullish().catch(null),
});
type Named = z.infer<typeof Named>;
const Membership = Named.extend({
  person_id: text,
  post_id: text,
  on_behalf_of_id: text,
  legislative_period_id: text,
});
type Membership = z.infer<typeof Membership>;

/** What the memberships of one person come to today. */
export interface PopoloSeat {
  chamber: string | null;
  party: string | null;
  area: string | null;
  region: string | null;
  role: string | null;
  endedOn: string | null;
  /** Only terms that have yet to begin. */
  begins: boolean;
  /** An end date that can be read in two ways: nobody knows whether the seat is held. */
  unclear: string | null;
}

const legislatures = /^(?:legislature|parliament|assembly|chamber|house|upper.?house|lower.?house|unicameral)/i;
const committeeKinds = /^(?:sub.?|joint.?)?(?:committee|commission|delegation)/i;
const groupKinds = /^(?:parliamentary.?|political.?|friendship.?)?(?:group|faction|caucus)/i;
const partyKinds = /^(?:party|political.?party)$/i;
const generic = /^(?:member|mp|legislator)$/i;

/** Memberships of a Popolo file by person, with the organizations, areas, posts and periods they point at. */
export class PopoloSeats {
  private readonly organizations: Map<string, Named>;
  private readonly areas: Map<string, Named>;
  private readonly posts: Map<string, Named>;
  private readonly periods: Map<string, Named>;
  /** Whether the file knows committees or groups at all: if not, it says nothing about them. */
  private readonly hasGroups: boolean;
  private readonly byPerson = new Map<string, { place: Place; membership: Membership }[]>();
  private readonly claimed = new Set<string>();

  constructor(
    lists: Map<string, DocumentItem[]>,
    private readonly today: string,
    notebook: Notebook,
  ) {
    const byId = (name: string) => {
      const named = (lists.get(name) ?? []).map(({ value }) => Named.safeParse(value).data);
      return new Map(named.flatMap((one) => (one && plainLine(one.id) ? [[plainLine(one.id), one]] : [])));
    };
    this.organizations = byId('organizations');
    const kinds = [...this.organizations.values()].map((one) => plainLine(one.classification));
    this.hasGroups = kinds.some((kind) => committeeKinds.test(kind) || groupKinds.test(kind));
    this.areas = byId('areas');
    this.posts = byId('posts');
    this.periods = byId('events');
    for (const { place, value } of lists.get('memberships') ?? []) {
      const parsed = Membership.safeParse(value).data;
      const person = plainLine(parsed?.person_id);
      if (!parsed || !person) notebook.add(place, 'rejected', 'not-a-membership');
      else {
        const known = this.byPerson.get(person);
        if (known) known.push({ place, membership: parsed });
        else this.byPerson.set(person, [{ place, membership: parsed }]);
      }
    }
  }

  /** The seat held now; failing that, the one given up last; null for who never had one. */
  of(personId: string): PopoloSeat | null {
    this.claimed.add(personId);
    const all = (this.byPerson.get(personId) ?? []).map(({ membership }) => membership);
    const seats = all.filter((one) => this.isSeat(one));
    const begun = seats.filter((one) => this.start(one) <= this.today);
    const seat = this.latest(begun.filter((one) => this.isPresent(one))) ?? this.latest(begun) ?? seats[0];
    if (!seat) return null;
    const post = this.posts.get(plainLine(seat.post_id));
    const area = this.areas.get(plainLine(seat.area_id ?? post?.area_id)) ?? seat.area ?? post?.area;
    const end = this.end(seat);
    const role = plainLine(seat.role) || plainLine(post?.role ?? post?.label);
    return {
      chamber: plainLine(this.bodyOf(seat)?.name) || null,
      party: this.partyOf(seat, all),
      area: plainLine(area?.name) || null,
      region: area ? plainLine(this.areas.get(plainLine((area as Named).parent_id))?.name) || null : null,
      role: generic.test(role) ? null : role || null,
      endedOn: end && end < this.today ? end : null,
      begins: begun.length === 0,
      unclear: end ? null : plainLine(seat.end_date) || null,
    };
  }

  /** Committees and groups of today; undefined where the file has none of anybody. */
  groupsOf(personId: string): ImportedGroup[] | undefined {
    if (!this.hasGroups) return undefined;
    const groups = (this.byPerson.get(personId) ?? []).flatMap(({ membership }): ImportedGroup[] => {
      const body = this.bodyOf(membership);
      const name = plainLine(body?.name);
      const kind = plainLine(body?.classification);
      if (!this.isPresent(membership) || !name || name.length > 200) return [];
      const role = plainLine(membership.role).slice(0, 200);
      const group = { code: plainLine(body!.id), name, role: generic.test(role) ? null : role || null };
      if (committeeKinds.test(kind)) return [{ kind: 'committee', ...group }];
      return groupKinds.test(kind) ? [{ kind: 'group', ...group }] : [];
    });
    return distinctGroups(groups);
  }

  /** Places of memberships whose person is not in the file, once all persons have been asked for. */
  unclaimed(): Place[] {
    const rest = [...this.byPerson].filter(([person]) => !this.claimed.has(person));
    return rest.flatMap(([, memberships]) => memberships.map(({ place }) => place));
  }

  private bodyOf(one: Membership): Named | undefined {
    const post = this.posts.get(plainLine(one.post_id));
    return this.organizations.get(plainLine(one.organization_id ?? post?.organization_id));
  }

  private isSeat(one: Membership): boolean {
    const kind = plainLine(this.bodyOf(one)?.classification);
    return legislatures.test(kind) || (!kind && !!plainLine(one.legislative_period_id));
  }

  private partyOf(seat: Membership, all: Membership[]): string | null {
    const behalf = this.organizations.get(plainLine(seat.on_behalf_of_id));
    if (behalf) return plainLine(behalf.name) || null;
    const parties = all.filter((one) => partyKinds.test(plainLine(this.bodyOf(one)?.classification)));
    const present = parties.find((one) => this.isPresent(one));
    return (present && plainLine(this.bodyOf(present)?.name)) || null;
  }

  private isPresent(one: Membership): boolean {
    const end = this.end(one);
    return this.start(one) <= this.today && (!end || end >= this.today);
  }

  /** Where a membership has no dates of its own, its legislative period has. */
  private start(one: Membership): string {
    return plainLine(one.start_date || this.periods.get(plainLine(one.legislative_period_id))?.start_date);
  }

  private end(one: Membership): string | null {
    return readEndDate(one.end_date || this.periods.get(plainLine(one.legislative_period_id))?.end_date);
  }

  private latest(list: Membership[]): Membership | undefined {
    const key = (one: Membership) => `${this.end(one) ?? '9999'} ${this.start(one)}`;
    return list.toSorted((a, b) => key(b).localeCompare(key(a)))[0];
  }
}
