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

const inWords = (rotation: Rotation): string =>
  [
    `${rotation.resealed} sealed anew.`,
    ...(rotation.left > 0
      ? [`${rotation.left} are under another key still: in use, or they cannot be opened. Run this again.`]
      : []),
    ofOldKey(rotation),
  ].join('\n');

function ofOldKey({ left, oldKeys, deletableAt }: Rotation): string {
  if (deletableAt === null) return 'The old key is deleted.';
  if (oldKeys === 0) return 'There is no old key.';
  if (left > 0) return 'The old key stays as long as there are any.';
  return `The old key is still there. Backups of the database from before need it: copy it now, and keep the copy as long as you keep those, apart from them. Run this again after ${deletableAt}, and it is deleted here.`;
}
