import { type Command, Option } from 'commander';
import { text } from 'node:stream/consumers';
import { withApp } from '../with-app.js';
import { roles } from './access.js';
import { NewPassword } from './passwords.js';
import { SecondFactors } from './second-factors.service.js';
import { NewStaffMember } from './staff.schema.js';
import { Staff } from './staff.service.js';

export function staffCommands(program: Command): void {
  const staff = program.command('staff').description('people who may sign in to the console');

  staff
    .command('add')
    .description('add somebody, with a first password made at random or read from standard input')
    .requiredOption('--email <address>')
    .requiredOption('--name <name>')
    .addOption(new Option('--role <role>').choices(Object.keys(roles)).default('viewer'))
    .option('--password-stdin', 'read the password from standard input')
    .option('--json', 'print as JSON')
    .action(async (options: { email: string; name: string; role: string; passwordStdin?: boolean; json?: boolean }) => {
      const person = NewStaffMember.parse(options);
      const given = options.passwordStdin ? NewPassword.parse((await text(process.stdin)).trim()) : undefined;
      await withApp(async (app) => {
        const { member, password } = await app.get(Staff).add(person, 'system', given);
        const { id, email, role } = member;
        if (options.json) console.log(JSON.stringify({ id, email, role, ...(!given && { password }) }));
        else console.log(`${email} (${role}) was added.${given ? '' : ` First password: ${password}`}`);
      });
    });

  staff
    .command('list')
    .description('everybody, with role')
    .option('--json', 'print as JSON')
    .action(async (options: { json?: boolean }) =>
      withApp(async (app) => {
        const members = (await app.get(Staff).list()).map(({ id, email, name, role, disabledAt }) => ({
          ...{ id, email, name, role },
          disabled: disabledAt !== null,
        }));
        if (options.json) console.log(JSON.stringify(members, null, 2));
        else
          for (const { email, name, role, disabled } of members)
            console.log([email, name, role, disabled ? 'disabled' : ''].join('\t'));
      }),
    );

  staff
    .command('reset-password')
    .description('give somebody a new random password; her sessions end')
    .argument('<address>')
    .option('--json', 'print as JSON')
    .action(async (address: string, options: { json?: boolean }) =>
      withApp(async (app) => {
        const { id, email } = await app.get(Staff).byEmail(address);
        const password = await app.get(Staff).resetPassword(id, 'system');
        console.log(options.json ? JSON.stringify({ id, email, password }) : `New password of ${email}: ${password}`);
      }),
    );

  staff
    .command('reset-second-factor')
    .description('for somebody who lost it: her authenticator app, passkeys and recovery codes go, her sessions end')
    .argument('<address>')
    .option('--json', 'print as JSON')
    .action(async (address: string, options: { json?: boolean }) =>
      withApp(async (app) => {
        const { id, email } = await app.get(Staff).byEmail(address);
        await app.get(SecondFactors).reset(id, 'system');
        console.log(options.json ? JSON.stringify({ id, email }) : `${email} signs in with the password alone.`);
      }),
    );
}
