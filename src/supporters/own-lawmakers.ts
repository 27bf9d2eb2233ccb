import type { AudienceMember } from '../lawmakers/audience.js';

/** An area whose members somebody can write to. `key` tells apart areas of one name in two countries. */
export interface Area {
  key: string;
  name: string;
  country: string;
}

/** Her district; where the data has none, the wider area; where a parliament has neither, the parliament itself. */
const areaOf = ({ area, region, legislature }: AudienceMember) => area ?? region ?? legislature;
const keyOf = (member: AudienceMember) => `${member.country} ${areaOf(member)}`;

/** The areas of everybody who can be written to, in the order of their names. */
export function areasOf(members: AudienceMember[], locale: string): Area[] {
  const areas = new Map<string, Area>();
  for (const member of members) {
    if (member.excluded === null) {
      areas.set(keyOf(member), { key: keyOf(member), name: areaOf(member), country: member.country });
    }
  }
  const { compare } = new Intl.Collator(locale, { numeric: true });
  return [...areas.values()].sort((one, other) => compare(one.country, other.country) || compare(one.name, other.name));
}

/**
 * The lawmakers of an area: those of the area itself, and those of the wider area around it, such as the senators of the
 * state that a district lies in. Only those who can be written to, in the order given.
 */
export function lawmakersOf(members: AudienceMember[], key: string): AudienceMember[] {
  const reachable = members.filter(({ excluded }) => excluded === null);
  const own = new Set(reachable.filter((member) => keyOf(member) === key));
  const around = new Set([...own].flatMap(({ country, region }) => (region ? [`${country} ${region}`] : [])));
  return reachable.filter((member) => own.has(member) || around.has(keyOf(member)));
}
