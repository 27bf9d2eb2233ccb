import type { z } from 'zod';
import type { Form } from '../site/form-answers.js';
import { fieldErrors } from '../site/pipes.js';
import type { FieldError } from '../site/problem.js';
import type { PetitionWords } from './petitions.schema.js';

/** The lists of a text, as a person types them: one thing a line, its parts set off by `|`. */
const lists = {
  sources: ['title', 'url', 'date'],
  persons: ['name', 'status', 'asOf', 'source'],
  timeline: ['date', 'text'],
} as const;
type ListName = keyof typeof lists;
const listNames = Object.keys(lists) as ListName[];

/** What is wrong in one line of a list. */
export interface LineError extends FieldError {
  line?: number;
}

/** `a | b` as its parts; `\|` is a stroke that belongs to the words, `\\` a backslash. Empty parts are left out. */
function partsOf(line: string, names: readonly string[]): Record<string, string> {
  // Each part is a stroke and a run of what is not a bare one.
  const parts = Array.from(`|${line}`.matchAll(/\|((?:\\[|\\]|[^|])*)/g), ([, part]) =>
    part!.replace(/\\([|\\])/g, '$1'),
  );
  // A part too many is an unknown field, and refused as such.
  return Object.fromEntries(
    parts.flatMap((part, at) => (part.trim() === '' ? [] : [[names[at] ?? `part ${at + 1}`, part.trim()]])),
  );
}

function lineOf(item: Record<string, string | undefined>, names: readonly string[]): string {
  const parts = names.map((name) => item[name] ?? '');
  while (parts.at(-1) === '') parts.pop();
  return parts.map((part) => part.replace(/[\\|]/g, '\\$&')).join(' | ');
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const linesOf = (value: unknown) =>
  text(value)
    .split(/\r\n?|\n/)
    .map((line, at) => ({ line, number: at + 1 }))
    .filter(({ line }) => line.trim() !== '');

/** The words in a form, as the schema takes them. */
export function readWords(form: Form): Record<string, unknown> {
  const { title, ask, addressee, body, reason, previousSha256 } = form;
  const read = listNames.map((name) => [name, linesOf(form[name]).map(({ line }) => partsOf(line, lists[name]))]);
  return { title, ask, addressee, body, reason, previousSha256, ...Object.fromEntries(read) };
}

/** The errors of the schema, those of a list with the line they are in. `texts.fa.title` is about `title`. */
export function wordErrors(error: z.ZodError, form: Form): LineError[] {
  return fieldErrors(error.issues).map((each) => {
    const [field, index] = each.field.replace(/^texts\.\w+\./, '').split('.') as [string, string?];
    const line = index === undefined ? undefined : linesOf(form[field])[Number(index)]?.number;
    return { ...each, field, line };
  });
}

/** Words as values for the form. */
export const wordForm = (words: PetitionWords): Form => ({
  ...words,
  ...Object.fromEntries(
    listNames.map((name) => [
      name,
      (words[name] as Record<string, string | undefined>[]).map((item) => lineOf(item, lists[name])).join('\n'),
    ]),
  ),
});
