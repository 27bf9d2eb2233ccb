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
 * The form of an e-mail address that counts as one identity: NFKC, lower case, the domain by IDNA (UTS 46), dots and
 * "+tag" dropped only where the provider ignores them.
 * @returns null if the address cannot be one
 */
export function normalForm(email: string): string | null {
  const address = email.normalize('NFKC').trim();
  const at = address.lastIndexOf('@');
  const domain = domainToASCII(address.slice(at + 1)).toLowerCase();
  let local = address.slice(0, at).toLowerCase();
  if (at < 1 || !domain.includes('.') || /[\s<>@,;:"\\]/.test(local)) return null;
  const provider = providers.get(domain);
  if (provider?.plus) local = local.replace(/\+.*$/, '');
  if (provider?.dots) local = local.replaceAll('.', '');
  return local ? `${local}@${provider?.domain ?? domain}` : null;
}
