import { type Locale, translate } from './languages.js';

const commandLine = 'command line';

/** What is stored in place of a person's name: nobody is signed in on the command line, or when the server starts. */
export const storedName = (actor: { name: string } | 'system'): string =>
  actor === 'system' ? commandLine : actor.name;

/** A stored name, as a page says it. */
export const actorInWords = (locale: Locale, name: string): string =>
  name === commandLine || name === 'system' ? translate(locale, 'audit.system') : name;
