import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Tell } from '../progress/work-report.js';
import type { Change, KnownLawmaker } from './import-changes.js';
import { distinct, normalForm } from './importers/contact-values.js';
import { distinctGroups } from './importers/group-lists.js';
import type { ImportedPerson } from './importers/import-record.js';
import { ownRecordsOf } from './person-records.js';

/** The statements of an import: all of them take whole sets, none is run once per person. */

/** Everybody the legislature ever listed, as the last import left them; joined records as one person. */
export async function readKnown(tx: EntityManager, legislatureId: string): Promise<KnownLawmaker[]> {
  const known: KnownLawmaker[] = await tx.query(
    `SELECT l.id, l.name, l.given_name AS "givenName", l.family_name AS "familyName", l.honorific, l.gender, l.locale,
       l.website, l.left_at IS NOT NULL AS left, l.left_at::date::text AS "leftOn", m.chamber, m.party, m.area, m.region, m.role,
       coalesce(m.sitting, true) AS sitting,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('scheme', i.scheme, 'identifier', i.identifier)), '[]')
          FROM lawmaker_identifiers i WHERE i.lawmaker_id = ANY (${ownRecordsOf('l')})) AS identifiers,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('channel', c.channel, 'value', c.value, 'label', c.label)
                                  ORDER BY c.lawmaker_id <> l.id, c.position), '[]')
          FROM contact_points c WHERE c.lawmaker_id = ANY (${ownRecordsOf('l')}) AND c.listed) AS contacts,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', x.kind, 'code', x.code, 'name', x.name, 'role', x.role)), '[]')
          FROM group_memberships x WHERE x.lawmaker_id = ANY (${ownRecordsOf('l')}) AND x.ended_at IS NULL) AS groups,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('name', o.name, 'area', seat.area, 'chamber', seat.chamber)), '[]')
          FROM lawmakers o LEFT JOIN LATERAL (
            SELECT * FROM memberships WHERE lawmaker_id = o.id ORDER BY ended_at DESC NULLS FIRST, started_at DESC LIMIT 1
          ) seat ON true WHERE o.merged_into = l.id AND o.legislature_id = l.legislature_id) AS "alsoAs"
     FROM lawmakers l
     LEFT JOIN LATERAL (
       SELECT * FROM memberships WHERE lawmaker_id = l.id ORDER BY ended_at DESC NULLS FIRST, started_at DESC LIMIT 1
     ) m ON true
     WHERE l.legislature_id = $1 AND (l.merged_into IS NULL OR l.legislature_id <>
       (SELECT kept.legislature_id FROM lawmakers kept WHERE kept.id = l.merged_into))`,
    [legislatureId],
  );
  return known.map((one) => ({ ...one, contacts: distinct(one.contacts), groups: distinctGroups(one.groups) }));
}

/** Keeps the changes of a preview, ids included, so that applying needs nothing but SQL. */
export async function storeChanges(
  tx: EntityManager,
  importId: string,
  changes: Change[],
  tell: Tell = () => undefined,
): Promise<void> {
  for (let start = 0; start < changes.length; start += 2000) {
    const rows = changes.slice(start, start + 2000);
    await tx.query(
      `INSERT INTO import_rows (import_id, position, change, lawmaker_id, person, fields, ended_on, before)
       SELECT $1, * FROM unnest($2::int[], $3::text[], $4::uuid[], $5::jsonb[], $6::jsonb[], $7::date[], $8::jsonb[])`,
      [
        importId,
        rows.map((_, i) => start + i),
        rows.map((row) => row.change),
        rows.map((row) => (row.change === 'new' ? uuidv7() : row.id)),
        rows.map((row) => JSON.stringify(row.change === 'gone' ? { name: row.name } : personRow(row.person))),
        rows.map((row) => JSON.stringify(row.change === 'changed' ? row.fields : [])),
        rows.map((row) => (row.change === 'gone' ? row.endedOn : null)),
        rows.map((row) => (row.change === 'new' ? null : JSON.stringify(row.before))),
      ],
    );
    tell('stored', start + rows.length, changes.length);
  }
}

function personRow(person: ImportedPerson) {
  return {
    ...person,
    sortName: sortName(person),
    membershipId: uuidv7(),
    groups: person.groups && distinctGroups(person.groups).map((group) => ({ ...group, id: uuidv7() })),
    contacts: person.contacts.map((contact, position) => ({
      ...contact,
      id: uuidv7(),
      position,
      normalForm: normalForm(contact.channel, contact.value),
    })),
  };
}

function sortName({ name, familyName }: ImportedPerson): string {
  if (!familyName || !name.includes(familyName)) return name;
  const rest = name.replace(familyName, ' ').replace(/\s+/g, ' ').replace(/ ,/g, ',').trim();
  return rest ? `${familyName}, ${rest}` : name;
}

/**
 * Writes the stored changes of an import. The caller holds the legislature's row lock. Objections, hand-made contact
 * points and strike-outs are not touched; whoever is gone is marked, never deleted.
 */
export async function writeChanges(
  tx: EntityManager,
  importId: string,
  legislatureId: string,
  tell: Tell = () => undefined,
): Promise<void> {
  for (const [at, [statement, legislature]] of statements.entries()) {
    tell('applied', at + 1, statements.length);
    await tx.query(statement, legislature ? [importId, legislatureId] : [importId]);
  }
}

const people = `import_rows r CROSS JOIN LATERAL jsonb_to_record(r.person) AS p(
    name text, "sortName" text, "givenName" text, "familyName" text, honorific text, gender text, locale text, website text,
    chamber text, party text, area text, region text, role text, sitting boolean, "membershipId" uuid,
    identifiers jsonb, contacts jsonb, groups jsonb)`;
const present = `r.import_id = $1 AND r.change IN ('new', 'changed')`;

const statements: [sql: string, legislature: boolean][] = [
  [
    `INSERT INTO lawmakers (id, legislature_id, name, sort_name, given_name, family_name, honorific, gender, locale, website, import_id)
     SELECT r.lawmaker_id, $2, p.name, p."sortName", p."givenName", p."familyName", p.honorific, p.gender, p.locale, p.website, $1
     FROM ${people} WHERE ${present}
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, sort_name = excluded.sort_name, given_name = excluded.given_name,
       family_name = excluded.family_name, honorific = excluded.honorific, gender = excluded.gender, locale = excluded.locale,
       website = excluded.website, import_id = excluded.import_id, left_at = NULL, updated_at = now()`,
    true,
  ],
  [
    `INSERT INTO lawmaker_identifiers (legislature_id, scheme, identifier, lawmaker_id)
     SELECT $2, i.scheme, i.identifier, r.lawmaker_id
     FROM ${people} CROSS JOIN LATERAL jsonb_to_recordset(p.identifiers) AS i(scheme text, identifier text)
     WHERE ${present} ON CONFLICT DO NOTHING`,
    true,
  ],
  [
    // An undo forgets the identifiers that the import taught.
    `DELETE FROM lawmaker_identifiers i USING import_rows r JOIN imports u ON u.id = r.import_id AND u.undoes IS NOT NULL
     WHERE r.import_id = $1 AND r.change = 'changed' AND i.lawmaker_id = r.lawmaker_id AND NOT EXISTS (
       SELECT FROM jsonb_to_recordset(r.person->'identifiers') AS x(scheme text, identifier text)
       WHERE (x.scheme, x.identifier) = (i.scheme, i.identifier))`,
    false,
  ],
  [
    `UPDATE lawmakers l SET left_at = coalesce(r.ended_on::timestamptz, now()), import_id = $1, updated_at = now()
     FROM import_rows r WHERE r.import_id = $1 AND r.change = 'gone' AND l.id = r.lawmaker_id`,
    false,
  ],
  [
    `UPDATE memberships m SET ended_at = now()
     FROM ${people} WHERE r.import_id = $1 AND m.lawmaker_id = r.lawmaker_id AND m.ended_at IS NULL AND (r.change = 'gone' OR
       (m.chamber, m.party, m.area, m.region, m.role, m.sitting) IS DISTINCT FROM
       (p.chamber, p.party, p.area, p.region, p.role, p.sitting))`,
    false,
  ],
  [
    `INSERT INTO memberships (id, lawmaker_id, chamber, party, area, region, role, sitting, import_id)
     SELECT p."membershipId", r.lawmaker_id, p.chamber, p.party, p.area, p.region, p.role, p.sitting, $1
     FROM ${people} WHERE ${present}
       AND NOT EXISTS (SELECT FROM memberships m WHERE m.lawmaker_id = r.lawmaker_id AND m.ended_at IS NULL)`,
    false,
  ],
  [
    `UPDATE group_memberships m SET ended_at = now()
     FROM ${people} JOIN lawmakers l ON l.id = r.lawmaker_id
     WHERE r.import_id = $1 AND m.lawmaker_id = ANY (${ownRecordsOf('l')}) AND m.ended_at IS NULL AND (r.change = 'gone' OR
       (p.groups IS NOT NULL AND NOT EXISTS (
         SELECT FROM jsonb_to_recordset(p.groups) AS x(kind text, code text, name text, role text)
         WHERE (x.kind, x.code, x.name) = (m.kind, m.code, m.name) AND x.role IS NOT DISTINCT FROM m.role)))`,
    false,
  ],
  [
    `INSERT INTO group_memberships (id, lawmaker_id, kind, code, name, role, import_id)
     SELECT x.id, r.lawmaker_id, x.kind, x.code, x.name, x.role, $1
     FROM ${people} CROSS JOIN LATERAL jsonb_to_recordset(p.groups) AS x(id uuid, kind text, code text, name text, role text)
     WHERE ${present}
     ON CONFLICT (lawmaker_id, kind, code) WHERE ended_at IS NULL DO NOTHING`,
    false,
  ],
  [
    `UPDATE contact_points c SET listed = false
     FROM import_rows r JOIN lawmakers l ON l.id = r.lawmaker_id
     WHERE r.import_id = $1 AND r.change = 'changed' AND c.lawmaker_id = ANY (${ownRecordsOf('l')}) AND c.listed`,
    false,
  ],
  [
    `INSERT INTO contact_points (id, lawmaker_id, channel, value, normal_form, label, position, source, listed)
     SELECT c.id, r.lawmaker_id, c.channel, c.value, c."normalForm", c.label, c.position, 'import', true
     FROM ${people} CROSS JOIN LATERAL jsonb_to_recordset(p.contacts)
       AS c(id uuid, channel text, value text, "normalForm" text, label text, position integer)
     WHERE ${present}
     ON CONFLICT (lawmaker_id, channel, normal_form)
       DO UPDATE SET value = excluded.value, label = excluded.label, position = excluded.position, listed = true`,
    false,
  ],
];
