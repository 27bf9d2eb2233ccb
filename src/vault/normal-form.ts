import { domainToASCII } from 'node:url';

/** Raised when the rules below change; stored with each signature, so that old digests can be told apart. */
export const normalFormVersion = 1;

interface ProviderRule {
  domain: string;
  dots: boolean;
  plus: boolean;
}

const rule = (
  domain: string,
  ignores: { dots?: boolean; plus?: boolean },
  domains: string[],
): [string, ProviderRule][] =>
  domains.map((name) => [name, { domain, dots: ignores.dots ?? false, plus: ignores.plus ?? false }]);

// Only what the providers document themselves. A rule for everybody was tried by UK e-petitions and reverted: elsewhere
// a.b@ and ab@ are two people.
const providers = new Map<string, ProviderRule>([
  ...rule('gmail.com', { dots: true, plus: true }, ['gmail.com', 'googlemail.com']),
  ...rule('proton.me', { dots: true, plus: true }, ['proton.me', 'protonmail.com', 'pm.me']),
  ...rule('outlook.com', { plus: true }, ['outlook.com']),
  ...rule('hotmail.com', { plus: true }, ['hotmail.com']),
  ...rule('live.com', { plus: true }, ['live.com']),
  ...rule('fastmail.com', { plus: true }, ['fastmail.com']),
  ...rule('icloud.com', { plus: true }, ['icloud.com', 'me.com', 'mac.com']),
]);

/**
 * The two halves of an address: the local part as it was typed, the domain in ASCII (UTS 46). Whoever mails to the address
 * uses this domain too, so that mail and identity can never go to different hosts.
 * @returns null if the address cannot be one
 */
export function mailboxOf(email: string): { local: string; domain: string } | null {
  const address = email.normalize('NFKC').trim();
  const at = address.lastIndexOf('@');
  const [local, written] = [address.slice(0, at), address.slice(at + 1)];
  // domainToASCII reads a host out of a URL: it would cut at "/", "?" and "#", and decode "%".
  if (at < 1 || /[\s<>@,;:"\\]/.test(local) || !/^[\p{L}\p{M}\p{N}.\u3002-]+$/u.test(written)) return null;
  const domain = domainToASCII(written).toLowerCase();
  return domain.includes('.') ? { local, domain } : null;
}

/** The domain of an address in its normal form. */
export const domainOf = (normalForm: string): string => normalForm.slice(normalForm.lastIndexOf('@') + 1);

/**
 * The form of an e-mail address that counts as one identity: NFKC, lower case, the domain by IDNA (UTS 46), dots and
 * "+tag" dropped only where the provider ignores them.
 * @returns null if the address cannot be one
 */
export function normalForm(email: string): string | null {
  const mailbox = mailboxOf(email);
  if (!mailbox) return null;
  const { domain } = mailbox;
  let local = mailbox.local.toLowerCase();
  const provider = providers.get(domain);
  if (provider?.plus) local = local.replace(/\+.*$/, '');
  if (provider?.dots) local = local.replaceAll('.', '');
  return local ? `${local}@${provider?.domain ?? domain}` : null;
}
