import { Liquid, LiquidError, type Template } from 'liquidjs';

/** What a template may be filled with: JSON and nothing else, because Liquid calls functions it finds on its data. */
export type Plain = string | number | boolean | { [key: string]: Plain };

export interface TemplateFault {
  code: 'template-syntax' | 'unknown-placeholder' | 'reserved-name';
  line: number;
  /** The placeholder's path, or the parser's words for a fault of syntax. */
  name: string;
}

/** A placeholder has no value for this lawmaker, and the letter neither asks (`if`) nor offers a `default`. */
export class MissingData extends Error {
  constructor(readonly placeholder: string) {
    super(`no value for ${placeholder}`);
  }
}

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
 * placeholders outside `known` (full paths such as `lawmaker.area`), assignments that would hide a known one.
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
      name: String(segments[0]),
    }));
  const unknown = Object.values(globals)
    .flat()
    .filter(({ segments }) => !known.includes(segments.map(String).join('.')))
    .map((variable) => ({
      code: 'unknown-placeholder' as const,
      line: variable.location.row,
      name: String(variable),
    }));
  return [...reserved, ...unknown].sort((one, other) => one.line - other.line);
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
        return String(engine.renderSync(parsed, context));
      } catch (error) {
        const placeholder = missingPlaceholder(error);
        if (placeholder) throw new MissingData(placeholder);
        // The limit is wall-clock time: on a busy machine a pause can use it up without any fault of the template.
        if (attempt === 5 || !(error as Error).message.startsWith('template render limit exceeded')) throw error;
      }
    }
  };
}

function missingPlaceholder(error: unknown): string | undefined {
  if (!LiquidError.is(error)) return undefined;
  return (error.originalError as { variableName?: string } | undefined)?.variableName;
}

function syntaxFault(error: unknown): TemplateFault {
  if (!LiquidError.is(error)) {
    // The length limit is an assertion without a place.
    return { code: 'template-syntax', line: 1, name: (error as Error).message };
  }
  const [line] = error.token.getPosition();
  return { code: 'template-syntax', line: line!, name: error.message.replace(/, line:\d+, col:\d+$/, '') };
}
