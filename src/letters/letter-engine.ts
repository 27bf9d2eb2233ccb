import { Liquid, LiquidError, type Template } from 'liquidjs';

/** What a template may be filled with: JSON and nothing else, because Liquid calls functions it finds on its data. */
export type Plain = string | number | boolean | { [key: string]: Plain };

export interface TemplateFault {
  code:
    | 'unknown-placeholder'
    | 'reserved-name'
    | 'unknown-tag'
    | 'stray-tag'
    | 'unclosed-tag'
    | 'unknown-filter'
    | 'template-syntax'
    | 'template-too-large';
  /** Both from 1; a text that is too large is so as a whole. */
  line: number | null;
  column: number | null;
  /** Of the placeholder, tag or filter, or the mark that is missing; empty where there is none. */
  name: string;
}

/** A placeholder has no value for this lawmaker, and the letter neither asks (`if`) nor offers a `default`. */
export class MissingData extends Error {
  constructor(readonly placeholder: string) {
    super(`no value for ${placeholder}`);
  }
}

/** A template that grew beyond every letter when it met this lawmaker's data. */
export class TemplateTooLarge extends Error {}

/** Longest text that is still a letter, in characters. */
const longest = 50_000;

const tags = ['if', 'unless', 'case', 'assign', 'comment'];
export const letterFilters = ['default', 'upcase', 'downcase', 'capitalize', 'strip', 'append', 'prepend'];

/**
 * The engine for letters, apart from the one for pages: organisers write these templates, so it reaches no file, knows
 * no loop, and has just enough tags and filters to choose between words.
 */
function letterEngine(): Liquid {
  const liquid = new Liquid({
    templates: {},
    dynamicPartials: false,
    strictVariables: true,
    strictFilters: true,
    lenientIf: true,
    ownPropertyOnly: true,
    parseLimit: 20_000,
    renderLimit: 100,
    memoryLimit: 1e6,
  });
  for (const name of Object.keys(liquid.tags)) if (!tags.includes(name)) delete liquid.tags[name];
  for (const name of Object.keys(liquid.filters)) if (!letterFilters.includes(name)) liquid.unregisterFilter(name);
  return liquid;
}

const engine = letterEngine();

/**
 * Everything that is wrong with a template before it meets a lawmaker: syntax, tags and filters that letters do not have,
 * placeholders outside `known` (full paths such as `lawmaker.area`), assignments that would hide a known one, growth.
 */
export function templateFaults(source: string, known: readonly string[]): TemplateFault[] {
  let parsed: Template[];
  try {
    parsed = engine.parse(source);
  } catch (error) {
    return [syntaxFault(error)];
  }
  const { globals, locals } = engine.analyzeSync(parsed, { partials: false });
  const roots = new Set(known.map((path) => path.split('.')[0]!));
  const reserved = Object.values(locals)
    .flat()
    .filter(({ segments }) => roots.has(String(segments[0])))
    .map(({ segments, location }) => ({
      code: 'reserved-name' as const,
      line: location.row,
      column: location.col,
      name: String(segments[0]),
    }));
  const unknown = Object.values(globals)
    .flat()
    .filter(({ segments }) => !known.includes(segments.map(String).join('.')))
    .map((variable) => ({
      code: 'unknown-placeholder' as const,
      line: variable.location.row,
      column: variable.location.col,
      name: String(variable),
    }));
  const faults = [...reserved, ...unknown].sort((one, other) => one.line - other.line || one.column - other.column);
  return faults.length > 0 ? faults : sizeFaults(source, known);
}

/**
 * Parses once, renders for every lawmaker.
 * @returns a function that throws MissingData where a placeholder has no value
 */
export function compileTemplate(source: string): (context: Record<string, Plain>) => string {
  const parsed = engine.parse(source);
  return (context) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const text = String(engine.renderSync(parsed, context));
        if (text.length > longest) throw new TemplateTooLarge();
        return text;
      } catch (error) {
        const placeholder = missingPlaceholder(error);
        if (placeholder) throw new MissingData(placeholder);
        if ((error as Error).message.startsWith('memory alloc limit')) throw new TemplateTooLarge();
        // The limit is wall-clock time: on a busy machine a pause can use it up without any fault of the template.
        if (attempt === 5 || !(error as Error).message.startsWith('template render limit exceeded')) throw error;
      }
    }
  };
}

/** Renders with something in every placeholder. */
function sizeFaults(source: string, known: readonly string[]): TemplateFault[] {
  const context: Record<string, Plain> = {};
  for (const path of known) {
    const [root, leaf] = path.split('.') as [string, string?];
    if (leaf === undefined) context[root] = path;
    else context[root] = { ...(context[root] as Record<string, Plain> | undefined), [leaf]: path };
  }
  try {
    compileTemplate(source)(context);
  } catch (error) {
    if (error instanceof TemplateTooLarge) return [tooLarge];
    if (!(error instanceof MissingData)) return [syntaxFault(error)];
  }
  return [];
}

function missingPlaceholder(error: unknown): string | undefined {
  if (!LiquidError.is(error)) return undefined;
  return (error.originalError as { variableName?: string } | undefined)?.variableName;
}

const tooLarge: TemplateFault = { code: 'template-too-large', line: null, column: null, name: '' };

/**
 * The parser's English, by kind of fault; the names in it are the organiser's. Only those and our own words reach people:
 * what is not in this list is said without details.
 */
const kinds: [RegExp, (...found: string[]) => Pick<TemplateFault, 'code' | 'name'>][] = [
  [/^tag "(end\w*|else|elsif|when)" not found/, (name) => ({ code: 'stray-tag', name })],
  [/^tag "(\S+)" not found/, (name) => ({ code: 'unknown-tag', name })],
  [/^undefined filter: (\w+)/, (name) => ({ code: 'unknown-filter', name })],
  [/^tag \{%-?\s*(\w+).* not closed/s, (name) => ({ code: 'unclosed-tag', name: `end${name}` })],
  [/^tag ".* not closed/s, () => ({ code: 'unclosed-tag', name: '%}' })],
  [/^output ".* not closed/s, () => ({ code: 'unclosed-tag', name: '}}' })],
];

function syntaxFault(error: unknown): TemplateFault {
  // Only the length limit is an assertion without a place.
  if (!LiquidError.is(error)) return tooLarge;
  const [line, column] = error.token.getPosition() as [number, number];
  for (const [words, kind] of kinds) {
    const found = words.exec(error.message);
    if (found) return { ...kind(...found.slice(1)), line, column };
  }
  return { code: 'template-syntax', line, column, name: '' };
}
