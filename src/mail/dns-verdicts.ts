/** What is looked at, in the order in which it is put right. */
export const subjects = [
  'mode',
  'relay',
  'from',
  'spf',
  'dkim',
  'dmarc',
  'alignment',
  'mx',
  'returns',
  'returns-spf',
  'database',
] as const;
export type Subject = (typeof subjects)[number];

/**
 * `good`; `missing`: there is none; `wrong`: there is one that does not do; `weak`: it does, but could be better;
 * `unknown`: DNS did not answer, or what it says is not enough to tell.
 */
export const verdicts = ['good', 'missing', 'wrong', 'weak', 'unknown'] as const;
export type Verdict = (typeof verdicts)[number];

export interface Finding {
  about: Subject;
  verdict: Verdict;
  /** What stands there today. */
  found: string[];
  /** What should stand in DNS, ready to paste. */
  record: { name: string; type: 'TXT' | 'MX'; value: string } | null;
}
