import type { Command } from 'commander';
import { translate } from '../site/languages.js';
import { withApp } from '../with-app.js';
import { DnsDoctor } from './dns-doctor.service.js';

/** Before the first mail goes out, and whenever mail stops arriving. */
export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'what DNS says of the domain our mail is from, with records to paste, and whether the database logs what people typed; ' +
        'ends with 1 if something is amiss',
    )
    .option('--json', 'as JSON')
    .action(({ json }: { json?: boolean }) =>
      withApp(async (app) => {
        const findings = await app.get(DnsDoctor).examine();
        if (json) console.log(JSON.stringify({ findings }, null, 2));
        else {
          for (const { about, verdict, found, record } of findings) {
            console.log(`${about.padEnd(11)} ${verdict}${found.length > 0 ? `: ${found.join(' | ')}` : ''}`);
            if (verdict !== 'good') console.log(`       ${translate('en', `doctor.${about}.${verdict}`)}`);
            if (record) console.log(`       wanted: ${record.name} ${record.type} ${record.value}`);
          }
        }
        if (findings.some(({ verdict }) => verdict !== 'good' && verdict !== 'weak')) process.exitCode = 1;
      }),
    );
}
