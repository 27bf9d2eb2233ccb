import { enhancedStatus } from './delivery-status.js';

export interface TextBounce {
  kind: 'bounced' | 'delayed';
  status: string | null;
  diagnostic: string | null;
}

/** How bounces begin that are written for people alone: qmail (QSBMF), Exim, old Exchange and sendmail. */
const failures =
  /^Hi\. This is the |This is a permanent error|did not reach (some or all of )?the (intended|following) recipient|had permanent fatal errors|could not be delivered|Delivery has failed|undeliverable|permanent (failure|error)/im;
const delays = /(delivery|message)[^.]{0,60}(delayed|not yet been delivered)|Warning: (message|could not send)/i;

/**
 * Reads a bounce that has no machine-readable part. Only one that names the recipient is believed: whatever a machine
 * writes to the return address without it may be about anything.
 */
export function readTextBounce(text: string, recipient: string): TextBounce | null {
  const names = text.toLowerCase().indexOf(recipient.toLowerCase());
  if (names < 0) return null;
  // What the server said stands behind the address; what stands before it may be about another.
  const said = text
    .slice(names + recipient.length)
    .slice(0, 1000)
    .replace(/^[>:\s]+/, '');
  const reason = said.split(/\n\s*\n|\n-{2,}/)[0]!;
  const status = enhancedStatus(reason);
  const diagnostic = reason.trim() || null;
  if (status?.startsWith('4') || (!status && delays.test(text))) return { kind: 'delayed', status, diagnostic };
  if (status?.startsWith('5') || failures.test(text)) return { kind: 'bounced', status, diagnostic };
  return null;
}
