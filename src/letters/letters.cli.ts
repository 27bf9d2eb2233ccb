import type { INestApplicationContext } from '@nestjs/common';
import { type Command, InvalidArgumentError } from 'commander';
import { text } from 'node:stream/consumers';
import { validate } from 'uuid';
import { translate } from '../site/languages.js';
import { withApp } from '../with-app.js';
import { type Actor, roles } from '../staff/access.js';
import { Staff } from '../staff/staff.service.js';
import { Approvals } from './approvals.service.js';
import { Dispatch } from './dispatch.service.js';
import { LetterCampaigns } from './letter-campaigns.service.js';
import { LetterChecklist } from './letter-checklist.service.js';
import { LetterReports } from './letter-report.service.js';
import { approvalView, campaignView } from './letter-views.js';

interface Json {
  json?: boolean;
}

export function letterCommands(program: Command): void {
  const letters = program
    .command('letters')
    .description('letter campaigns: look, approve, dispatch, pause, resume, cancel');

  letters
    .command('list')
    .description('all letter campaigns')
    .option('--json', 'as JSON')
    .action(({ json }: Json) =>
      withApp(async (app) => {
        const campaigns = (await app.get(LetterCampaigns).list()).map(campaignView);
        if (json) print(campaigns);
        else for (const { id, state, title } of campaigns) console.log(`${id}  ${state.padEnd(11)}  ${title}`);
      }),
    );

  letters
    .command('status')
    .description('what became of the letters of a campaign')
    .argument('<id>', 'id of the campaign', campaignId)
    .option('--json', 'as JSON')
    .action((id: string, { json }: Json) => withApp((app) => status(app, id, json)));

  letters
    .command('checklist')
    .description('what is missing before the letters of a campaign can go live; ends with 1 if something is')
    .argument('<id>', 'id of the campaign', campaignId)
    .option('--json', 'as JSON')
    .action((id: string, { json }: Json) =>
      withApp(async (app) => {
        const list = await app.get(LetterChecklist).of(id);
        if (json) print(list);
        else {
          for (const { about, verdict, found, toDo } of list.checks) {
            console.log(`${about.padEnd(9)}  ${verdict.padEnd(7)}  ${found.join(', ')}`.trimEnd());
            if (toDo) console.log(`           ${translate('en', toDo)}`);
          }
        }
        if (!list.ready) process.exitCode = 1;
      }),
    );

  letters
    .command('approve')
    .description('say yes to a letter as a second person; the hashes are in `letters status`')
    .argument('<id>', 'id of the campaign', campaignId)
    .requiredOption('--as <email>', 'who approves; her password is read from standard input')
    .requiredOption('--sha256 <hash>', 'of the letter that was read')
    .requiredOption('--list <hash>', 'of the list of who gets what')
    .option('--json', 'as JSON')
    .action((id: string, { as, sha256, list, json }: Json & { as: string; sha256: string; list: string }) =>
      withApp(async (app) => {
        await app.get(Approvals).approve(id, { sha256, listSha256: list }, await sender(app, as));
        await status(app, id, json);
      }),
    );

  letters
    .command('dispatch')
    .description('let an approved letter go; a running server sends it')
    .argument('<id>', 'id of the campaign', campaignId)
    .requiredOption('--as <email>', 'who sends; her password is read from standard input')
    .option('--json', 'as JSON')
    .action((id: string, { as, json }: Json & { as: string }) =>
      withApp(async (app) => {
        await app.get(Dispatch).start(id, await sender(app, as));
        await app.get(Dispatch).planned(id);
        await status(app, id, json);
      }),
    );

  const verb = (name: 'pause' | 'resume' | 'cancel', description: string) =>
    letters
      .command(name)
      .description(description)
      .argument('<id>', 'id of the campaign', campaignId)
      .option('--json', 'as JSON')
      .action((id: string, { json }: Json) =>
        withApp(async (app) => {
          await app.get(Dispatch)[name](id, 'system');
          await app.get(Dispatch).planned(id);
          await status(app, id, json);
        }),
      );
  verb('pause', 'hold what has not left');
  verb('resume', 'let it go on');
  verb('cancel', 'take back what has not left and close the campaign');
}

async function sender(app: INestApplicationContext, email: string): Promise<Actor> {
  const staff = app.get(Staff);
  const { id, name, role, disabledAt } = await staff.byEmail(email);
  const known = await staff.passwordIs(id, (await text(process.stdin)).trim());
  const rights = roles[role];
  if (!known || disabledAt || !rights.some((right) => right === 'letters:send')) {
    throw new Error(`${email} may not approve or send letters, or the password is wrong`);
  }
  return { kind: 'staff', id, name, rights };
}

function campaignId(given: string): string {
  if (!validate(given)) throw new InvalidArgumentError('`letters list` shows the ids.');
  return given;
}

async function status(app: INestApplicationContext, id: string, json?: boolean): Promise<void> {
  const campaign = await app.get(LetterCampaigns).find(id);
  const { byStatus, byChannel, total } = await app.get(LetterReports).report(id);
  const approval = approvalView(await app.get(Approvals).state(campaign));
  const { title, state } = campaign;
  const listSha256 = state === 'in_review' ? await app.get(Approvals).listSha256(campaign) : null;
  const { length: changed } = await app.get(Approvals).changes(campaign);
  if (json)
    return print({ id, title, state, approval: { ...approval, listSha256 }, changed, total, byStatus, byChannel });
  console.log(
    `${title}\nstate: ${state}\nsha256: ${approval.sha256}${listSha256 ? `\nlist: ${listSha256}` : ''}\nletters: ${total}`,
  );
  if (changed > 0) console.log(`changed since the approval: ${changed}`);
  for (const { name, letters } of byStatus) console.log(`  ${name}: ${letters}`);
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
