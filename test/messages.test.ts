import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IntlMessageFormat } from 'intl-messageformat';
import { projectRoot } from '../src/config/root.js';
import { faultInWords } from '../src/site/fault-words.js';
import { locales } from '../src/site/languages.js';
import { rights } from '../src/staff/access.js';
import { auditActions } from '../src/staff/audit-actions.js';

/** Keys that are put together at run time, by their beginning. Everything else is written out where it is used. */
const madeOf = [
  'audit.action.',
  'fault.',
  'right.',
  'letters.limit.',
  'letters.scope.',
  'checklist.about.',
  'checklist.todo.',
  'consent.',
  'doctor.about.',
  'doctor.alignment.',
  'doctor.database.',
  'doctor.dkim.',
  'doctor.dmarc.',
  'doctor.from.',
  'doctor.mode.',
  'doctor.mx.',
  'doctor.relay.',
  'doctor.returns-spf.',
  'doctor.returns.',
  'doctor.spf.',
  'doctor.verdict.',
  'limits.scope.',
  'error.',
  'feed.',
  'exports.by.',
  'exports.kind.',
  'exports.state.',
  'factor.done.',
  'exports.purpose.',
  'lawmakers.chamber.',
  'lawmakers.change.',
  'lawmakers.channel.',
  'lawmakers.decision.',
  'lawmakers.duplicate.',
  'lawmakers.excluded.',
  'lawmakers.field.',
  'lawmakers.import-format.',
  'lawmakers.note.',
  'lawmakers.severity.',
  'lawmakers.state.',
  'lawmakers.unreadable.',
  'letters.channel.',
  'letters.done.',
  'letters.excluded.',
  'letters.fault.',
  'letters.placeholder.',
  'letters.return.',
  'letters.show.',
  'letters.outcome.',
  'letters.stance.',
  'letters.state.',
  'letters.task.',
  'letters.timeline.',
  'mail.',
  'maildesk.about.',
  'maildesk.kind.',
  'maildesk.lane.',
  'maildesk.relay.',
  'maildesk.mode.',
  'maildesk.outcome.',
  'letters.mode-hint.',
  'letters.mode.',
  'maildesk.state.',
  'moderation.reason.',
  'moderation.signal.',
  'moderation.source.',
  'mydata.now.',
  'mydata.remembered.',
  'overview.need.',
  'petition.person-state.',
  'petition.state.',
  'petitions.add.',
  'petitions.field.',
  'petitions.hint.',
  'petitions.one.',
  'petitions.part.',
  'petitions.publication-hint.',
  'petitions.publication.',
  'petitions.standard.',
  'petitions.state.',
  'privacy.returns-',
  'problem.',
  'refusal.',
  'progress.',
  'signatures.found.',
  'sign.consentSign',
  'sign.t',
  'sign.website',
  'staff.role.',
  'switches.about.',
  'switches.part.',
  // Said by public/verify.js.
  'verify.say.',
  'organisations.field.',
  'paper.field.',
  'paper.state.',
  'updates.field.',
  'updates.state.',
  'withdraw.email',
];

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8');
const filesOf = (folder: string, ending: string) =>
  readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => read(join(folder, name)));

const messages = Object.fromEntries(
  locales.map((locale) => [locale, JSON.parse(read(`templates/messages/${locale}.json`)) as Record<string, string>]),
);
const english = messages.en!;
const templates = filesOf('templates', '.liquid').join('\n');
const code = filesOf('src', '.ts').join('\n');

interface Part {
  type: number;
  value: string;
  options?: Record<string, { value: Part[] }>;
  children?: Part[];
}
/** What a message is filled with, each as name and kind (argument, number, plural, ...). */
function placeholders(parts: Part[]): string[] {
  return parts.flatMap(({ type, value, options, children }) => [
    // 0 is a piece of text, 7 the # of a plural; 1 a value as it is, 2 a number in the digits of the language.
    ...(type === 0 || type === 7 ? [] : [`${value}:${type === 1 ? 2 : type}`]),
    ...Object.values(options ?? {}).flatMap((option) => placeholders(option.value)),
    ...placeholders(children ?? []),
  ]);
}
const kinds = (locale: string, key: string) => {
  const format = new IntlMessageFormat(messages[locale]![key]!, locale, undefined, { ignoreTag: true });
  return [...new Set(placeholders(format.getAst() as Part[]))].sort();
};

test.each(locales)('%s has every message, in order, and none is empty', (locale) => {
  const keys = Object.keys(messages[locale]!);
  expect(keys.filter((key) => !(key in english))).toEqual([]);
  expect(Object.keys(english).filter((key) => !keys.includes(key))).toEqual([]);
  expect(keys).toEqual([...keys].sort());
  expect(keys.filter((key) => messages[locale]![key]!.trim() === '')).toEqual([]);
});

test.each(locales)('%s can be parsed, and is filled with the same things as English', (locale) => {
  const differing = Object.keys(english)
    .map((key) => ({ key, english: kinds('en', key), other: kinds(locale, key) }))
    .filter(({ english, other }) => english.join() !== other.join());
  expect(differing).toEqual([]);
});

test('every message a template or the code asks for by name exists', () => {
  const asked = [
    ...[...templates.matchAll(/'([a-zA-Z][\w-]*(?:\.[\w-]+)+)'\s*\|\s*t\b/g)].map(([, key]) => key!),
    ...[...code.matchAll(/translate\(\s*[\w.]+,\s*'([^']+)'/g)].map(([, key]) => key!),
  ];
  expect(asked.length).toBeGreaterThan(200);
  expect([...new Set(asked)].filter((key) => !(key in english))).toEqual([]);
});

test('every kind of mail has a name', () => {
  const kindsOfMail = [...code.matchAll(/kinds\.register\(\{\s*name: '([^']+)'/g)].map(([, name]) => name!);
  expect(kindsOfMail.length).toBeGreaterThan(10);
  expect(kindsOfMail.filter((name) => !(`maildesk.kind.${name}` in english))).toEqual([]);
});

test('every action that is written down, and every right, has words; no action has two, or none', () => {
  const missing = [
    ...auditActions.map((action) => `audit.action.${action}`),
    ...rights.map((right) => `right.${right}`),
  ];
  expect(missing.filter((key) => !(key in english))).toEqual([]);
  const actions = Object.keys(english).filter((key) => key.startsWith('audit.action.'));
  expect(actions.map((key) => key.slice('audit.action.'.length))).toEqual([...auditActions]);
  // The type of a record allows no other; what is written out in the code stands in the list.
  const written = [...code.matchAll(/\baction: '([a-z-]+\.[a-z_.-]+)'/g)].map(([, action]) => action!);
  expect(written.length).toBeGreaterThan(60);
  expect([...new Set(written)].filter((action) => !(auditActions as readonly string[]).includes(action))).toEqual([]);
});

test('what a check of a log can find has words of its own in every language', () => {
  const files = ['full-check', 'publisher', 'log-round', 'append'].map((name) => read(`src/countlog/${name}.ts`));
  const found = [...files.join('\n').matchAll(/new LogError\(\s*(['`])(.*?)\1,?\s*\)/g)].map(([, , text]) =>
    text!
      .replaceAll(/\$\{path\}|\$\{file\}|\$\{tilePath\([^}]*\}?[^}]*\}/g, 'tile/0/000')
      .replaceAll(/\$\{[^}]*'another'[^}]*\}/g, 'missing')
      .replaceAll(/\$\{[^}]*\}/g, '7'),
  );
  expect(found.length).toBeGreaterThan(15);
  const other = (locale: 'en' | 'fa') => faultInWords(locale, '').trim();
  for (const locale of ['en', 'fa'] as const)
    expect(found.filter((fault) => faultInWords(locale, fault).startsWith(other(locale).slice(0, 30)))).toEqual([]);
  expect(faultInWords('en', 'The database has 5 entries, but 7 were published: it is an old one.')).toMatch(
    /has 5 .* 7 were/,
  );
  expect(faultInWords('fa', 'Entry 1200 breaks the rules: x.')).toContain('۱٬۲۰۰');
  expect(faultInWords('de', 'Never heard of')).toMatch(/^Etwas im Protokoll.*Never heard of$/);
});

test('every message is used', () => {
  const all = `${templates}\n${code}`;
  const unused = Object.keys(english)
    .filter((key) => !madeOf.some((beginning) => key.startsWith(beginning)))
    .filter((key) => !all.includes(`'${key}'`));
  expect(unused).toEqual([]);
});

test('every beginning of the list is put together somewhere, and has messages', () => {
  const idle = madeOf.filter((beginning) => !Object.keys(english).some((key) => key.startsWith(beginning)));
  expect(idle).toEqual([]);
});

test('Persian is written with its own letters, digits and quotation marks', () => {
  const persian = Object.entries(messages.fa!);
  expect(persian.filter(([, text]) => /[كي٠-٩٤-٦]/.test(text))).toEqual([]);
  expect(persian.filter(([, text]) => /“|”/.test(text))).toEqual([]);
  // The prefix of verbs and the plural ending are set off by a half-space, never by a space.
  expect(persian.filter(([, text]) => /(^|[\s(«])(می|نمی) [آ-ی]|[آ-ی] ها(ی|\s|$)/.test(text))).toEqual([]);
});

test('Persian has one word for one thing', () => {
  const persian = Object.entries(messages.fa!);
  // An entry of a log or a line of a file; the public log.
  expect(persian.filter(([, text]) => /ورودی|دفتر عمومی/.test(text))).toEqual([]);
  // Whom letters go to; a mail or an encrypted file has a receiver.
  expect(persian.filter(([key, text]) => key.startsWith('letters.audience') && /گیرند/.test(text))).toEqual([]);
});
