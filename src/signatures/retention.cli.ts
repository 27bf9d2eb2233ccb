import type { Command } from 'commander';
import { withApp } from '../with-app.js';
import { Retention } from './retention.js';

export function retentionCommand(program: Command): void {
  program
    .command('retention')
    .description('delete what has served its time; a running server does it once an hour')
    .option('--dry-run', 'only say how much would go')
    .option('--json', 'as JSON')
    .action(({ dryRun, json }: { dryRun?: boolean; json?: boolean }) =>
      withApp(async (app) => {
        const report = await app.get(Retention).run({ dryRun });
        if (json) return console.log(JSON.stringify(report, null, 2));
        for (const [what, n] of Object.entries(report)) console.log(`${what}: ${n}`);
      }),
    );
}
