import { hasMessage, type Locale, translate } from '../site/languages.js';
import type { Work } from './long-works.service.js';

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
}

type Translate = (key: string, values?: Record<string, unknown>) => string;

export function workInWords(locale: Locale, work: Work): WorkInWords {
  const { id, kind, state, done, total, madeBy } = work;
  const t: Translate = (key, values = {}) => translate(locale, `progress.${key}`, values);
  const ended = state === 'done' || state === 'failed';
  const quarters = total ? Math.floor((4 * Math.min(done, total)) / total) : 0;
  const text = textOf(work, t);
  return {
    ...{ id, state, done, total, madeBy, text, ended },
    title: t(`title.${kind}`, { subject: work.subject || translate(locale, 'exports.all-petitions') }),
    say: ended ? text : quarters > 0 ? t('say', { n: quarters * 25 }) : t(`state.${state}`),
    good: state === 'done' && work.result?.valid !== false,
    createdAt: work.createdAt.toISOString(),
    endedAt: work.endedAt?.toISOString() ?? null,
    back: { href: `/${locale}/console/${addressOf(work)}`, text: t(`back.${kind}`) },
  };
}

function textOf({ kind, state, step, done, total, result, failure }: Work, t: Translate): string {
  if (state === 'waiting') return t('state.waiting');
  if (state === 'running') return step ? t(`step.${kind}.${step}`, { done, total: total ?? 0 }) : t('state.running');
  if (state === 'failed') return hasMessage(`progress.failure.${failure}`) ? t(`failure.${failure}`) : failure!;
  if (result?.valid === false) return t('result.fault', { fault: result.fault });
  return t(`result.${kind}`, { done, ...result });
}

/** Slugs and ids only: nothing of it has to be escaped. */
const addressOf = ({ kind, subject }: Work): string =>
  kind === 'log-check' ? `petitions/${subject}` : kind === 'export' ? 'exports' : `lawmakers/imports/${subject}`;
