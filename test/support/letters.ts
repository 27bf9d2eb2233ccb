import { v7 as uuidv7 } from 'uuid';
import { ImportPreviewsService } from '../../src/lawmakers/import-previews.service.js';
import { ImportsService } from '../../src/lawmakers/imports.service.js';
import { ImportRequest } from '../../src/lawmakers/lawmakers.schema.js';
import { Approvals } from '../../src/letters/approvals.service.js';
import { LetterCampaigns } from '../../src/letters/letter-campaigns.service.js';
import { NewLetterCampaign } from '../../src/letters/letters.schema.js';
import { type Actor, roles, type Role } from '../../src/staff/access.js';
import type { TestApp } from './app.js';

const testland = `id,name,family_name,honorific,gender,role,chamber,party,area,language,email,contact_form,phone,address
1,Anna Berg,Berg,,F,Member,Upper,Reds,North,en,anna@upper.testland.example,,,
2,Daniel Okafor,Okafor,Dr,M,Member,Upper,Blues,South,fr,daniel@upper.testland.example,,,
3,فاطمه رضایی,رضایی,,F,Member,Lower,Reds,North,fa,fatemeh@lower.testland.example,,,
4,Kim Lund,Lund,,,Member,Lower,Blues,South,uk,kim@lower.testland.example,,,
5,Nadia Sand,Sand,,F,Member,Lower,Reds,,en,nadia@lower.testland.example,,,
6,Noor Field,Field,,F,Member,Lower,Reds,East,en,,https://lower.testland.example/write/6,,
7,Pia Stamp,Stamp,,F,Member,Upper,Blues,East,en,,,,"1 Assembly Square, Testland"
8,Phil Bell,Bell,,M,Member,Upper,Blues,West,en,,,+99 1 234,
9,Otto Stopp,Stopp,,M,Member,Lower,Blues,West,en,otto@lower.testland.example,,,
10,Nina Null,Null,,F,Member,Lower,Reds,West,en,,,,
`;

/** A parliament of ten, one for each way a letter can take. */
export async function importTestland(app: TestApp, csv = testland, slug = 'testland'): Promise<void> {
  // What is tested with this parliament is not the pace: see letters-pace.test.ts.
  await app.database.query('DELETE FROM mail_limits');
  const request = ImportRequest.parse({
    format: 'csv',
    legislature: slug,
    name: 'Parliament of Testland',
    country: 'SE',
  });
  const preview = await app
    .get(ImportPreviewsService)
    .preview([{ name: 'testland.csv', bytes: Buffer.from(csv) }], request, 'system');
  await app.get(ImportsService).apply(preview.id, 'system');
}

/** A parliament of many, all with e-mail. */
export const crowd = (n: number) =>
  `id,name,family_name,gender,party,area,language,email\n${Array.from(
    { length: n },
    (_, i) => `${i},Member ${i},Number${i},${i % 2 ? 'F' : 'M'},P${i % 5},Area ${i},en,m${i}@crowd.example`,
  ).join('\n')}\n`;

export async function lawmakerId(app: TestApp, name: string): Promise<string> {
  const [row] = await app.database.query(`SELECT id FROM lawmakers WHERE name = $1`, [name]);
  return row.id as string;
}

/** Somebody who acts through a service, where no HTTP is needed to show a thing. */
export const person = (name: string, ...of: Role[]): Actor => ({
  kind: 'staff',
  id: uuidv7(),
  name,
  rights: of.flatMap((role) => roles[role]),
});

export const words = {
  subject: 'Wetlands in {{ lawmaker.area }}',
  body: '{{ salutation }},\n\nplease protect the wetlands of {{ lawmaker.area }}.\n\n{{ sender.name }}',
};

export const newCampaign = (more: object = {}) =>
  NewLetterCampaign.parse({
    title: 'Wetlands',
    defaultLocale: 'en',
    senderName: 'Olga Lind',
    organisation: 'River Friends',
    replyTo: 'olga@river.example',
    audience: { legislatures: ['testland'] },
    ...more,
  });

/** A campaign with English words, as far as asked for. @returns its id */
export async function campaignOf(
  app: TestApp,
  olga: Actor,
  { more = {}, body = words.body }: { more?: object; body?: string } = {},
): Promise<string> {
  const campaigns = app.get(LetterCampaigns);
  const id = await campaigns.create(newCampaign(more), olga);
  await campaigns.writeText(id, 'en', { ...words, body }, olga);
  return id;
}

/** What an approver sees on the page at this moment. */
export async function seenNow(app: TestApp, id: string): Promise<{ sha256: string; listSha256: string }> {
  const [approvals, campaign] = [app.get(Approvals), await app.get(LetterCampaigns).find(id)];
  return { sha256: (await approvals.state(campaign)).sha256, listSha256: await approvals.listSha256(campaign) };
}

export async function approve(app: TestApp, id: string, olga: Actor, amir: Actor): Promise<void> {
  const approvals = app.get(Approvals);
  await approvals.ask(id, olga);
  await approvals.approve(id, await seenNow(app, id), amir);
}
