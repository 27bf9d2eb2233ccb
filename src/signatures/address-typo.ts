/** Where most mailboxes are. public/app.js has the same list, to ask before the form is sent. */
export const commonDomains =
  'gmail.com yahoo.com hotmail.com outlook.com icloud.com proton.me protonmail.com gmx.de gmx.net web.de live.com aol.com mail.com yahoo.fr yahoo.de hotmail.fr hotmail.co.uk yahoo.co.uk'.split(
    ' ',
  );

/** The address that was probably meant, if its domain is one slip away from a common one; a question, never a refusal. */
export function probablyMeant(email: string): string | null {
  const at = email.lastIndexOf('@');
  const domain = email.slice(at + 1).toLowerCase();
  if (at < 1 || commonDomains.includes(domain)) return null;
  const meant = commonDomains.find((each) => isOneSlipFrom(each, domain));
  return meant ? `${email.slice(0, at)}@${meant}` : null;
}

/** One letter more, less or other, or two neighbours changed round. */
function isOneSlipFrom(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let head = 0;
  while (head < a.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const [left, right] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  return left.length + right.length <= 2 || (left.length === 2 && left[0] === right[1] && left[1] === right[0]);
}
