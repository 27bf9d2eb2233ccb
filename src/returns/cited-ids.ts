import type { Email } from 'postal-mime';

const longest = 8000;
const most = 20;

/**
 * Ids of our mails that a reply names (RFC 5322, 3.6.4): what it answers to first, then its thread from the latest on. A
 * Message-ID of ours is `<id@domain of MAIL_FROM>`.
 */
export function citedIds(email: Email, domain: string): string[] {
  const header = (name: string) => email.headers.find(({ key }) => key === name)?.value.slice(0, longest) ?? '';
  const named = [
    ...idsIn(header('in-reply-to')),
    // A long thread may have been cut at its beginning: the end of the header names the latest.
    ...idsIn(email.headers.find(({ key }) => key === 'references')?.value.slice(-longest) ?? '').reverse(),
  ];
  const ours = named.flatMap(({ id, host }) => (host === domain.toLowerCase() ? [id] : []));
  return [...new Set(ours)].slice(0, most);
}

const idsIn = (text: string) =>
  [...text.toLowerCase().matchAll(/<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@([a-z0-9.-]{1,253})>/g)].map(
    ([, id, host]) => ({ id: id!, host: host! }),
  );
