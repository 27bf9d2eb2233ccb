import { type Command, Option } from 'commander';
import { FullCheck } from '../countlog/full-check.js';
import { LogError } from '../countlog/log-error.js';
import { NewPetitionNote, PetitionNotes, writtenNoteTypes } from '../petitions/petition-notes.service.js';
import { Petitions } from '../petitions/petitions.service.js';
import { errorInWords } from '../site/error-words.js';
import { fieldErrors } from '../site/pipes.js';
import { withApp } from '../with-app.js';
import { RollForward } from './roll-forward.js';

interface Json {
  json?: boolean;
}

/** For whoever runs the server: is the count what it says, and what to do with a restored backup. */
export function logCommands(program: Command): void {
  const log = program
    .command('log')
    .description(
      'the public logs: recompute them, bring a restored backup up to them, or tell everybody something in one',
    );

  log
    .command('check')
    .description('recompute logs from their first entry; exits with 1 if anything does not fit')
    .argument('[slugs...]', 'of petitions; none: all')
    .option('--json', 'as JSON')
    .action((slugs: string[], { json }: Json) =>
      withApp(async (app) => {
        const petitions = app.get(Petitions);
        const chosen =
          slugs.length > 0
            ? await Promise.all(slugs.map((slug) => petitions.find(slug)))
            : (await petitions.list()).filter(({ openedAt }) => openedAt !== null);
        const results = [];
        for (const { id, slug } of chosen) {
          const result = await app
            .get(FullCheck)
            .check(id)
            .then((checked) => ({ petition: slug, valid: true, ...checked }))
            .catch((error: unknown) => {
              if (error instanceof LogError) return { petition: slug, valid: false, fault: error.message };
              throw error;
            });
          results.push(result);
        }
        if (json) console.log(JSON.stringify({ logs: results }, null, 2));
        else for (const result of results) console.log(inWords(result));
        if (results.some(({ valid }) => !valid)) process.exitCode = 1;
      }),
    );

  log
    .command('roll-forward')
    .description('after a backup was put back: take over what had been published since, from the public files')
    .argument('<slug>', 'of the petition')
    .option('--json', 'as JSON')
    .action((slug: string, { json }: Json) =>
      withApp(async (app) => {
        try {
          const { entries, withoutRecord, fault } = await app.get(RollForward).run(slug);
          if (fault !== null) process.exitCode = 1;
          if (json) return console.log(JSON.stringify({ petition: slug, entries, withoutRecord, fault }, null, 2));
          console.log(`${slug}: ${entries} entries taken over.`);
          console.log(fault === null ? 'The whole log was recomputed: all as it must be.' : `FAULT. ${fault}`);
          if (withoutRecord > 0) {
            console.log(
              `${withoutRecord} signatures stand in the log, but who gave them was lost with the old database: they stay ` +
                'counted, can be withdrawn by code alone, and the same people could sign once more. The log says so in public.',
            );
          }
        } catch (error) {
          if (!(error instanceof LogError)) throw error;
          console.error(error.message);
          process.exitCode = 1;
        }
      }),
    );

  log
    .command('note')
    .description(
      'tell everybody something in the log of a petition that is open or closed, for ever: an incident, an audit and its result',
    )
    .argument('<slug>', 'of the petition')
    .addOption(new Option('--type <type>', 'what it is about').choices(writtenNoteTypes).makeOptionMandatory())
    .requiredOption('--text <words>', 'in one line; no names of signers')
    .option('--json', 'as JSON')
    .action(async (slug: string, { json, ...options }: Json, command: Command) => {
      const note = NewPetitionNote.safeParse(options);
      if (!note.success) {
        const errors = fieldErrors(note.error.issues).map((error) => `--${error.field}: ${errorInWords('en', error)}.`);
        return command.error(errors.join('\n'));
      }
      await withApp(async (app) => {
        await app.get(PetitionNotes).publish(slug, note.data, 'system');
        console.log(
          json
            ? JSON.stringify({ petition: slug, ...note.data }, null, 2)
            : `${slug}: the note waits for the next round of the log, and is on the page of its history already.`,
        );
      });
    });
}

interface Result {
  petition: string;
  valid: boolean;
  fault?: string;
  size?: number;
  count?: number;
  checkpoints?: number;
}

const inWords = ({ petition, valid, fault, size, count, checkpoints }: Result): string =>
  valid
    ? `${petition}: ${size} entries, ${count} counted, ${checkpoints} checkpoints: all as it must be`
    : `${petition}: FAULT. ${fault}`;
