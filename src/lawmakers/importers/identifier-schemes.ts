import type { ImportedPerson } from './import-record.js';
import { plainLine } from './plain-text.js';

/** Names that sources give to one and the same register of people, so that a person is known again from another source. */
const sameRegister: Record<string, string> = {
  datadotparl_id: 'mnis',
  parliamentdotuk: 'mnis',
  parliament_uk: 'mnis',
  mnis_id: 'mnis',
  'uk.org.publicwhip': 'publicwhip',
  parlparse: 'publicwhip',
  europarl: 'mep',
  european_parliament_id: 'mep',
  europarl_mep: 'mep',
  bioguide_id: 'bioguide',
  govtrack_id: 'govtrack',
  openstates: 'ocd-person',
};

/** Registers of things other than one person's membership: a page about her, a party, a picture. */
const impersonal = new Set(['facebook', 'twitter', 'instagram', 'youtube', 'freebase', 'wikipedia', 'peeragetype']);

/** Identifiers under one name per register, without doubles and empty ones. */
export function personIdentifiers(raw: { scheme?: unknown; identifier?: unknown }[]): ImportedPerson['identifiers'] {
  const found = new Map<string, { scheme: string; identifier: string }>();
  for (const one of raw) {
    const named = plainLine(one.scheme).toLowerCase();
    const scheme = sameRegister[named] ?? named;
    const identifier = plainLine(one.identifier).replace(/^uk\.org\.publicwhip\/person\//, '');
    const unusable = !scheme || !identifier || impersonal.has(scheme) || scheme.length > 60 || identifier.length > 200;
    if (!unusable) found.set(`${scheme}:${identifier}`, { scheme, identifier });
  }
  return [...found.values()];
}
