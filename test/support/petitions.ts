import { Sequencer } from '../../src/countlog/sequencer.js';
import { MailWorker } from '../../src/mail/mail.worker.js';
import { Petitions } from '../../src/petitions/petitions.service.js';
import { standards } from '../../src/petitions/standards.js';
import { NewPetition } from '../../src/petitions/petitions.schema.js';
import type { TestApp } from './app.js';

const words = (title: string) => ({
  title,
  ask: 'Suspend the drainage permit until it was heard in public.',
  addressee: 'the Water Committee',
  body: 'The wells of eleven villages depend on it [1].\n\n<script>alert(1)</script>',
  sources: [{ title: 'Water report', url: 'https://water.example/report' }],
});

/** A petition about wetlands, open, in English and Persian. */
export async function openPetition(app: TestApp, slug = 'wetlands'): Promise<string> {
  const petition = NewPetition.parse({
    ...{ slug, startedBy: 'River Friends', goal: 100 },
    texts: { en: words('Keep the wetlands wet'), fa: words('تالاب‌ها را زنده نگه دارید') },
  });
  await app.get(Petitions).create(petition, 'open', 'system');
  const [row] = await app.database.query(`SELECT id FROM petitions WHERE slug = $1`, [slug]);
  return row.id as string;
}

/** What a reviewer says who opens these words. */
export const reviewed = (textsSha256: string) => ({ textsSha256, standards: [...standards] });

export const sara = {
  name: 'Sara Ahmadi',
  email: 'sara@example.org',
  country: 'SE',
  locale: 'en',
  consents: { sign: true },
};

export interface Mail {
  to: string;
  subject: string;
  text: string;
  links: string[];
}

/** Sends what waits and reads the built-in inbox, newest first. */
export async function inbox(app: TestApp): Promise<Mail[]> {
  await app.get(MailWorker).drain();
  const answer = await app.inject({ url: '/dev/inbox.json' });
  return answer.json<Mail[]>();
}

/** Asks over the JSON API. */
export const ask = (app: TestApp, person: object = {}, slug = 'wetlands') =>
  app.inject({ method: 'POST', url: `/api/v1/petitions/${slug}/signatures`, payload: { ...sara, ...person } });

export const tokenOf = (mail: Mail): string =>
  mail.links.map((link) => /\/(?:confirm|withdraw)\/([\w-]+)$/.exec(link)?.[1]).find(Boolean)!;

/** Asks, and takes the link out of the mail. */
export async function askForLink(app: TestApp, person: object = {}, slug = 'wetlands'): Promise<string> {
  const before = (await inbox(app)).length;
  expect((await ask(app, person, slug)).statusCode).toBe(202);
  const mails = await inbox(app);
  expect(mails).toHaveLength(before + 1);
  return tokenOf(mails[0]!);
}

export const confirm = (app: TestApp, token: string) =>
  app.inject({ method: 'PUT', url: `/api/v1/confirmations/${token}` });

/** What count.json says once everything that waits is counted. */
export async function countOf(app: TestApp, slug = 'wetlands'): Promise<number> {
  await app.get(Sequencer).drain();
  return (await app.inject({ url: `/api/v1/petitions/${slug}/count.json` })).json<{ count: number }>().count;
}
