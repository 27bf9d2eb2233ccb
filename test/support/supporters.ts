import { Dispatch } from '../../src/letters/dispatch.service.js';
import type { TestApp } from './app.js';
import { formBody } from './cast.js';
import { approve, campaignOf, importTestland, person } from './letters.js';
import { askForLink, confirm, inbox, openPetition, sara } from './petitions.js';

export const olga = person('Olga', 'organiser');
export const amir = person('Amir', 'approver');
export const north = 'SE North';

/** A petition, a parliament, and a campaign in which supporters write. @returns the ids of both */
export async function openCampaign(app: TestApp, more: object = {}): Promise<{ petition: string; campaign: string }> {
  const petition = await openPetition(app);
  await importTestland(app);
  const campaign = await campaignOf(app, olga, {
    more: { mode: 'supporters', petition: 'wetlands', notAfter: '2099-01-01T00:00', ...more },
  });
  await approve(app, campaign, olga, amir);
  await app.get(Dispatch).start(campaign, amir);
  return { petition, campaign };
}

/** Signs and asks for a link to write. @returns its token */
export async function writer(app: TestApp, who: { email?: string; name?: string } = {}): Promise<string> {
  await confirm(app, await askForLink(app, who));
  const { email } = { ...sara, ...who };
  await app.inject({ method: 'POST', url: '/en/p/wetlands/write', ...formBody({ email }) });
  const mail = (await inbox(app)).find(
    ({ to, links }) => to === email && links.some((link) => link.includes('/write/')),
  );
  return /\/write\/([\w-]+)$/.exec(mail!.links.find((link) => link.includes('/write/'))!)![1]!;
}

export interface Wanted {
  area?: string;
  lawmakers: string[];
  words?: string;
  passWords?: string;
  passName?: string;
  passArea?: string;
}

export const post = (app: TestApp, url: string, form: object) =>
  app.inject({ method: 'POST', url, ...formBody(form as Record<string, string>) });

/** Looks, then sends what was shown; what a preview refuses is the answer. */
export async function send(app: TestApp, token: string, form: Wanted) {
  const wanted = { area: north, words: '', ...form };
  const preview = await post(app, `/en/write/${token}/preview`, wanted);
  const seen = /name="seen" value="([0-9a-f]{64})"/.exec(preview.body)?.[1];
  return seen ? post(app, `/en/write/${token}`, { ...wanted, seen }) : preview;
}

/** Every value of every table, as text. */
export async function everything(app: TestApp): Promise<string> {
  const tables: { name: string }[] = await app.database.query(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const dumps = await Promise.all(
    tables.map(({ name }) =>
      app.database.query(`SELECT coalesce(string_agg(t::text, ''), '') AS rows FROM "${name}" t`),
    ),
  );
  return dumps.map(([{ rows }]) => rows as string).join('\n');
}
