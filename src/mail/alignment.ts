import type { Finding } from './dns-verdicts.js';

export type Aligned = 'yes' | 'no' | 'unsure';
/** RFC 7489, 3.1: the same domain, or only the same organisational domain. */
export type AlignmentMode = 'strict' | 'relaxed';

/**
 * Whether receivers take a domain for the one that the mail is from. Which names an organisation can register is in a list
 * that we have not: a domain and one below it are of one organisation, two that share no more than their last label are
 * not, and of two that share more it depends.
 */
export function aligned(from: string, domain: string, mode: AlignmentMode): Aligned {
  if (from === domain) return 'yes';
  if (mode === 'strict') return 'no';
  if (domain.endsWith(`.${from}`) || from.endsWith(`.${domain}`)) return 'yes';
  const [ours, theirs] = [from.split('.').reverse(), domain.split('.').reverse()];
  const shared = ours.findIndex((label, n) => label !== theirs[n]);
  return shared < 2 ? 'no' : 'unsure';
}

const modeOf = (tag: string | undefined): AlignmentMode => (tag?.toLowerCase() === 's' ? 'strict' : 'relaxed');

/**
 * DMARC lets a mail pass by SPF or by DKIM, and each only for a domain that is that of From. With one of them alone it
 * depends on every forwarder on the way.
 * @param domains.dkim null: mail is not signed here
 * @param domains.sender of the envelope
 * @param policy tags of the DMARC record; null: DNS did not answer, so nobody knows how strict it is
 */
export function alignmentOf(
  { from, dkim, sender }: { from: string; dkim: string | null; sender: string },
  policy: ReadonlyMap<string, string> | null,
): Finding {
  const [adkim, aspf] = [modeOf(policy?.get('adkim')), modeOf(policy?.get('aspf'))];
  const byKey = dkim === null ? 'no' : aligned(from, dkim, adkim);
  const bySender = aligned(from, sender, aspf);
  const found = [
    `From: ${from}`,
    dkim === null ? 'DKIM: -' : `DKIM: ${dkim}, ${adkim}: ${byKey}`,
    `SPF: ${sender}, ${aspf}: ${bySender}`,
  ];
  const both = [byKey, bySender];
  const verdict = both.every((each) => each === 'yes')
    ? 'good'
    : both.includes('unsure')
      ? 'unknown'
      : both.includes('yes')
        ? 'weak'
        : 'wrong';
  return { about: 'alignment', verdict: policy ? verdict : 'unknown', found: policy ? found : [], record: null };
}
