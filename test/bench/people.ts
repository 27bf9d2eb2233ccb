import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Settings } from '../../src/config/settings.js';
import { packForm } from '../../src/signatures/sealed-form.js';
import { Vault } from '../../src/vault/vault.service.js';
import { request } from './load.js';
import { query } from './postgres.js';

export const slug = '1988-investigation';

/** People who were never here: each has an address of her own. */
export function people(): () => string {
  const run = randomUUID().slice(0, 8);
  let number = 0;
  return () => `sara-${run}-${String(++number).padStart(8, '0')}@example.org`;
}

/** Fills in the form, as JSON. */
export const signing = (email: string, petition = slug): string =>
  request(
    'POST',
    `/api/v1/petitions/${petition}/signatures`,
    `{"name":"Sara Signer","email":"${email}","country":"DE","locale":"en","consents":{"sign":true,"news":true}}`,
  );

/** Presses the button behind a link. */
export const pressing = (token: string): string => request('PUT', `/api/v1/confirmations/${token}`);

export interface Petition {
  id: string;
  slug: string;
}

export async function petitionOf(url: string): Promise<Petition> {
  const [petition] = await query<Petition>(url, `SELECT id, slug FROM petitions WHERE slug = $1`, [slug]);
  return petition!;
}

/** Opens that many more petitions, each with the words and a log of its own. */
export async function morePetitions(url: string, many: number): Promise<Petition[]> {
  const petitions = Array.from({ length: many }, (_, number) => ({ id: uuidv7(), slug: `spread-${number}` }));
  const ids = petitions.map(({ id }) => id);
  await query(
    url,
    `WITH opened AS (
       INSERT INTO petitions SELECT (jsonb_populate_record(p, jsonb_build_object('id', new.id, 'slug', new.slug))).*
       FROM petitions p, unnest($1::uuid[], $2::text[]) AS new (id, slug) WHERE p.slug = $3 RETURNING id, slug
     ), logs AS (
       INSERT INTO logs (petition_id, origin, root)
       SELECT opened.id, regexp_replace(origin, '[^/]+$', opened.slug), root_of_none.root
       FROM opened, (SELECT sha256('') AS root) AS root_of_none, logs JOIN petitions p ON p.id = logs.petition_id WHERE p.slug = $3
     )
     INSERT INTO petition_texts SELECT (jsonb_populate_record(t, jsonb_build_object('petition_id', opened.id))).*
     FROM opened, petition_texts t JOIN petitions p ON p.id = t.petition_id WHERE p.slug = $3`,
    [ids, petitions.map((each) => each.slug), slug],
  );
  await query(
    url,
    `INSERT INTO log_queue (petition_id, id, kind, entry)
     SELECT new.id, gen_random_uuid(), 'genesis', entry FROM unnest($1::uuid[]) AS new (id),
       (SELECT substring(entries FROM 3 FOR get_byte(entries, 0) * 256 + get_byte(entries, 1)) AS entry
        FROM log_bundles JOIN petitions p ON p.id = petition_id WHERE p.slug = $2 AND index = 0) AS first`,
    [ids, slug],
  );
  return petitions;
}

/**
 * Makes the links that the mails of these people would hold, with the keys of the server: the way through a mailbox is
 * slower than what is measured.
 * @param folder DATA_DIR of the server
 */
export async function linksOf(url: string, folder: string): Promise<(petition: Petition, email: string) => string> {
  const vault = new Vault({ DATA_DIR: folder } as Settings);
  const consents = await query<{ id: number; purpose: string }>(
    url,
    `SELECT id, purpose FROM consents WHERE locale = 'en'`,
  );
  const consent = (purpose: string) => consents.find((each) => each.purpose === purpose)!.id;
  const given = { sign: consent('sign'), showName: 0, news: consent('news') };
  const known = { name: 'Sara Signer', country: 'DE', locale: 'en', source: 'api' as const, textVersion: 1 };
  return ({ id }, email) => {
    const form = packForm({ ...known, petitionId: id, askedAt: Math.floor(Date.now() / 1000), email, consents: given });
    return vault.sealLink('confirm', form).toString('base64url');
  };
}
