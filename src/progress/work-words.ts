import { faultInWords } from '../site/fault-words.js';
import { hasMessage, type Locale, translate, translateIsolated } from '../site/languages.js';
import type { WorkKind } from './long-work.entity.js';
import type { Work } from './long-works.service.js';

/** Whoever began these may be gone when they fail. */
export const awaitsLook: readonly WorkKind[] = ['import-preview', 'import-application'];

/** A work as a page shows it: plain JSON, in the reader's language. */
export interface WorkInWords {
  id: string;
  title: string;
  state: Work['state'];
  /** What is being done, and how far; or what came of it. */
  text: string;
  done: number;
  /** null: nobody knows how much there is. */
  total: number | null;
  /** A sentence that changes with each quarter, for screen readers. */
  say: string;
  ended: boolean;
  /** It ended well, and found nothing wrong. */
  good: boolean;
  madeBy: string;
  createdAt: string;
  endedAt: string | null;
  /** Where it leads. */
  back: { href: string; text: string };
  /** It failed, and stays in sight until somebody says to have looked at it. */
  unseen: boolean;
}

type Translate = (key: string, values?: Record<string, unknown>) => string;

export function workInWords(locale: Locale, work: Work): WorkInWords {
  const { id, kind, state, done, total, madeBy } = work;
  const t: Translate = (key, values = {}) => translateIsolated(locale, `progress.${key}`, values);
  const ended = state === 'done' || state === 'failed';
  const quarters = total ? Math.floor((4 * Math.min(done, total)) / total) : 0;
  const text = textOf(locale, work, t);
  return {
    ...{ id, state, done, total, madeBy, text, ended },
    title: t(`title.${kind}`, { subject: work.subject || translate(locale, 'exports.all-petitions') }),
    say: ended ? text : quarters > 0 ? t('say', { n: quarters * 25 }) : t(`state.${state}`),
    good: state === 'done' && work.result?.valid !== false,
    createdAt: work.createdAt.toISOString(),
    endedAt: work.endedAt?.toISOString() ?? null,
    back: { href: `/${locale}/console/${addressOf(work)}`, text: backText(locale, work) },
    unseen: state === 'failed' && awaitsLook.includes(kind) && work.seenBy === null,
  };
}

function textOf(locale: Locale, work: Work, t: Translate): string {
  const { kind, state, step, done, total, result, failure, failureWords } = work;
  if (state === 'waiting') return t('state.waiting');
  if (state === 'running') return step ? t(`step.${kind}.${step}`, { done, total: total ?? 0 }) : t('state.running');
  if (state === 'failed' && failureWords) return failureWords[locale] ?? failure!;
  if (state === 'failed') return hasMessage(`progress.failure.${failure}`) ? t(`failure.${failure}`) : failure!;
  if (result?.valid === false) return t('result.fault', { fault: faultInWords(locale, String(result.fault)) });
  return t(`result.${kind}`, { done, ...result });
}

/** A file that could not be read may have left no import behind. */
const leftNothing = ({ kind, state }: Work): boolean => kind === 'import-preview' && state === 'failed';

/** Slugs and ids only: nothing of it has to be escaped. */
function addressOf(work: Work): string {
  const { kind, subject } = work;
  if (kind === 'log-check') return `petitions/${subject}`;
  if (kind === 'export') return 'exports';
  return leftNothing(work) ? 'lawmakers/imports' : `lawmakers/imports/${subject}`;
}

const backText = (locale: Locale, work: Work): string =>
  leftNothing(work) ? translate(locale, 'lawmakers.imports') : translate(locale, `progress.back.${work.kind}`);
