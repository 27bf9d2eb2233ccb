import { type Command, Option } from 'commander';
import { text } from 'node:stream/consumers';
import { withApp } from '../with-app.js';
import { roles } from './access.js';
import { NewPassword } from './passwords.js';
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
        if (options.json) console.log(JSON.stringify({ id: member.id, email: member.email, role: member.role }));
        else console.log(`${member.email} (${member.role}) was added.${given ? '' : ` First password: ${password}`}`);
      });
    });

  staff
    .command('list')
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
    .argument('<address>')
    .action(async (address: string) =>
      withApp(async (app) => {
        const member = await app.get(Staff).byEmail(address);
        console.log(`New password of ${member.email}: ${await app.get(Staff).resetPassword(member.id, 'system')}`);
      }),
    );
}
