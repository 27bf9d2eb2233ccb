import type { Command } from 'commander';
import { rotateSealKey, type Rotation } from './rotate-keys.js';
import { withApp } from './with-app.js';

export function keyCommands(program: Command): void {
  program
    .command('keys')
    .description('the keys in DATA_DIR/keys')
    .command('rotate')
    .description(
      'a new key for names, addresses and words, everything sealed anew; a run an hour later deletes the old key; servers may run',
    )
    .argument('<purpose>', 'seal')
    .option('--json', 'as JSON')
    .action((purpose: string, { json }: { json?: boolean }, command: Command) => {
      if (purpose !== 'seal') return command.error(`There is no key ${purpose} to rotate: say seal.`);
      return withApp(async (app) => {
        const rotation = await rotateSealKey(app);
        if (rotation.left > 0) process.exitCode = 1;
        console.log(json ? JSON.stringify(rotation, null, 2) : inWords(rotation));
      });
    });
}

const inWords = ({ resealed, left, oldKeys, deletableAt }: Rotation): string =>
  [
    `${resealed} sealed anew.`,
    ...(left > 0 ? [`${left} are under an old key still: in use, or they cannot be opened. Run this again.`] : []),
    oldKeys === 0
      ? 'The old key is deleted. Backups of the database from before need it: keep a copy as long as you keep those, apart from them.'
      : `The old key is still there. Run this again after ${deletableAt}, and it is deleted.`,
  ].join('\n');
