import { generateIdentity, identityToRecipient } from 'age-encryption';
import { Coalitions } from '../../../src/coalitions/coalitions.service.js';
import { ImportPreviewsService } from '../../../src/lawmakers/import-previews.service.js';
import { ImportRequest } from '../../../src/lawmakers/lawmakers.schema.js';
import { Dispatch } from '../../../src/letters/dispatch.service.js';
import { NewSavedAudience } from '../../../src/letters/saved-audience.schema.js';
import { SavedAudiences } from '../../../src/letters/saved-audiences.service.js';
import { NewPaperBatch } from '../../../src/paper/paper.schema.js';
import { Paper } from '../../../src/paper/paper.service.js';
import { PetitionMoves } from '../../../src/petitions/petition-moves.service.js';
import { NewPetition } from '../../../src/petitions/petitions.schema.js';
import { Petitions } from '../../../src/petitions/petitions.service.js';
import { Staff } from '../../../src/staff/staff.service.js';
import { Updates } from '../../../src/updates/updates.service.js';
import { cast } from '../../support/cast.js';
import { approve, campaignOf, importTestland, person } from '../../support/letters.js';
import { password } from './sign-in.js';
import type { Site } from './site.js';
import { type Links, linksOf, slug } from './supporter-pages.js';

/** What a page is about, by the word for it: ids, and `links` of supporters. */
export interface WholeSite {
  links: Links;
  anna: string;
  /** Letters: one that is written, one that leaves, with a call to make, and one that supporters send. */
  draft: string;
  sent: string;
  call: string;
  supporters: string;
  audience: string;
  /** An import whose columns nobody has named. */
  columns: string;
  organisation: string;
  batch: string;
  /** News that waits for a second person. */
  update: string;
}

export const [olga, amir] = [person('Olga', 'organiser'), person('Amir', 'approver')];

/** Something of everything that has a page, in the seeded site; Ada, who may see all of it, can sign in. */
export async function fill(site: Site): Promise<WholeSite> {
  const links = await linksOf(site);
  await site.get(Staff).add(cast.ada, 'system', password);
  await importTestland(site);
  const dispatched = async (more: object) => {
    const id = await campaignOf(site, olga, { more: { petition: slug, ...more } });
    await approve(site, id, olga, amir);
    await site.get(Dispatch).start(id, amir);
    await site.get(Dispatch).planned(id);
    return id;
  };
  const supporters = await dispatched({ mode: 'supporters', notAfter: '2099-01-01T00:00' });
  const sent = await dispatched({});
  const [{ id: call }] = await site.database.query(
    `SELECT id FROM letters WHERE campaign_id = $1 AND channel = 'phone'`,
    [sent],
  );
  // There is another of this name in the parliament that comes with the server.
  const [{ id: anna }] = await site.database.query(
    `SELECT lawmaker_id AS id FROM contact_points WHERE value = 'anna@upper.testland.example'`,
  );
  const file = [{ name: 'members.csv', bytes: Buffer.from('Full name,Post,Mail\nAnna Berg,North,anna@x.example\n') }];
  const asked = ImportRequest.parse({ legislature: 'x-columns', name: 'Parliament of Columns', country: 'NL' });
  const words = { title: 'Reopen the library', ask: 'Reopen it.', addressee: 'the Council', body: 'It is closed.' };
  const lists = { sources: [], persons: [], timeline: [] };
  const petition = { slug: 'library', startedBy: 'Readers', texts: { en: { ...words, ...lists } } };
  await site.get(Petitions).createNew(NewPetition.parse(petition), olga);
  await site.get(PetitionMoves).submit('library', olga);
  const lawyers = {
    ...{ name: 'Lawyers', url: 'https://lawyers.example', privacyUrl: 'https://lawyers.example/privacy' },
    recipient: await identityToRecipient(await generateIdentity()),
  };
  const sheet = { sheets: [{ number: 1, lines: 14 }], country: 'SE', day: '2026-01-20', folder: 'Red folder' };
  const rules = { legislatures: ['testland'] };
  const news = { texts: { en: { title: 'An answer', body: 'They vote in May.' } }, organisation: null };
  const update = await site.get(Updates).create(slug, news, olga);
  await site.get(Updates).submit(slug, update, olga);
  return {
    ...{ links, supporters, sent, call, update, anna },
    columns: (await site.get(ImportPreviewsService).begin(file, asked, olga)).id,
    draft: await campaignOf(site, olga, { more: { title: 'Not yet' } }),
    audience: await site.get(SavedAudiences).create(NewSavedAudience.parse({ name: 'All', rules }), olga),
    organisation: await site.get(Coalitions).add(slug, lawyers, olga),
    batch: await site.get(Paper).enter(slug, NewPaperBatch.parse(sheet), olga),
  };
}
