import { type Command, Option } from 'commander';
import { withApp } from '../with-app.js';
import { switchNames, type SwitchName } from './switch.entity.js';
import { SwitchOrder } from './switches.schema.js';
import { Switches } from './switches.service.js';

interface Where {
  petition?: string;
  reason?: string;
  json?: boolean;
}

/** For the hour when the console cannot be reached. */
export function switchCommands(program: Command): void {
  program
    .command('switch')
    .description(
      'turn signing, easy signing, counting or mailing off or on, for one petition or all; without a name: what is off',
    )
    .argument('[name]', switchNames.join(', '))
    .argument('[state]', 'off or on')
    .option('--petition <slug>', 'this one only')
    .addOption(new Option('--reason <words>', 'why it is turned off'))
    .option('--json', 'as JSON')
    .action(
      (name: string | undefined, state: string | undefined, { petition, reason, json }: Where, command: Command) =>
        withApp(async (app) => {
          const switches = app.get(Switches);
          if (name !== undefined) {
            if (!switchNames.includes(name as SwitchName)) command.error(`There is no switch ${name}.`);
            if (state !== 'off' && state !== 'on') command.error('Say off or on.');
            const order = SwitchOrder.parse({ petition: petition ?? null, off: state === 'off', reason });
            await switches.turn(name as SwitchName, order, 'system');
          }
          const off = await switches.list();
          if (json) console.log(JSON.stringify({ off }, null, 2));
          else if (off.length === 0) console.log('Nothing is off.');
          else
            for (const each of off)
              console.log(`${each.name}  off for ${each.petition ?? 'all'} since ${each.offSince}: ${each.reason}`);
        }),
    );
}
