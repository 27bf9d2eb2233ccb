import { domainToASCII } from 'node:url';
import { type Channel, type ImportedContact, type Notebook, type Place } from './import-record.js';
import { isSentinel, plainLine, plainLines } from './plain-text.js';

/** Pure repairs of contact fields. A value is used only when it is certain; what had to be guessed is left out and reported. */

const localPart = /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const domainLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The address with its domain in lower case and ASCII, or null. The local part stays as written: its case is the host's affair. */
export function mailAddress(text: string): string | null {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  if (at < 1 || /\s/.test(text) || text.length > 254 || at > 64 || !localPart.test(local)) return null;
  const domain = domainToASCII(text.slice(at + 1));
  const labels = domain.split('.');
  if (labels.length < 2 || !labels.every((label) => domainLabel.test(label))) return null;
  return /^(?:[a-z]{2,}|xn--[a-z0-9-]+)$/.test(labels.at(-1)!) ? `${local}@${domain}` : null;
}

/** An http(s) address fit to be shown as a link, or null. */
export function webAddress(text: string): string | null {
  if (text.length > 2000 || /\s/.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password || !url.hostname.includes('.')) return null;
  return url.href;
}

/** Reads one e-mail field, which in real files holds anything: addresses glued together, a web form, an apology. */
export function readEmailField(field: unknown, place: Place, notebook: Notebook): ImportedContact[] {
  const text = plainLines(field).replace(/[\u00a0\u3000]/g, ' ');
  if (!text) return [];
  if (isSentinel(text)) {
    notebook.add(place, 'repaired', 'no-address-words', text);
    return [];
  }
  const contacts: ImportedContact[] = [];
  const pieces = text.split(/[,;|\n]+|\s+(?:and|or|et|und|و)\s+|\s\/\s/).map((piece) => piece.trim());
  const filled = pieces.filter(Boolean);
  if (filled.length > 1) notebook.add(place, 'repaired', 'several-addresses', text);
  else if (pieces.length > 1) notebook.add(place, 'repaired', 'stray-separator', text);
  for (const piece of filled) contacts.push(...readEmailPiece(piece, place, notebook));
  return distinct(contacts);
}

function readEmailPiece(piece: string, place: Place, notebook: Notebook): ImportedContact[] {
  if (/^(?:https?:\/\/|www\.)/i.test(piece)) {
    const form = readFormField(piece, place, notebook);
    if (form.length) notebook.add(place, 'repaired', 'link-in-email-field', piece);
    return form;
  }
  let address = piece;
  if (/^mailto:/i.test(address)) {
    address = decode(address.slice('mailto:'.length).replace(/\?.*$/, ''));
    notebook.add(place, 'repaired', 'mailto', piece);
  }
  address = /<([^<>]+)>\s*$/.exec(address)?.[1] ?? address;
  address = address
    .trim()
    .replace(/^[<("']+|[>)"']+$/g, '')
    .replace(/(?<!\.)\.$/, '');
  if (/\s/.test(address)) {
    const words = address.split(/\s+/);
    if (words.every((word) => mailAddress(word))) {
      notebook.add(place, 'repaired', 'several-addresses', piece);
      return words.map((word) => email(mailAddress(word)!));
    }
    const tightened = mailAddress(address.replace(/\s*@\s*/g, '@'));
    if (tightened) {
      notebook.add(place, 'repaired', 'space-at-sign', piece);
      return [email(tightened)];
    }
    notebook.add(place, 'noticed', 'space-in-address', piece);
    return [];
  }
  const good = mailAddress(address);
  if (good) return [email(good)];
  const cut = /^[^@]+@[^@]*$/.test(address);
  notebook.add(place, 'noticed', cut ? 'truncated-address' : 'not-an-address', piece);
  return [];
}

/** Reads a field that should hold one web address. */
export function readFormField(field: unknown, place: Place, notebook: Notebook): ImportedContact[] {
  const text = plainLine(field);
  if (!text) return [];
  if (isSentinel(text)) {
    notebook.add(place, 'repaired', 'no-address-words', text);
    return [];
  }
  const mail = mailAddress(text.replace(/^mailto:/i, ''));
  if (mail) {
    notebook.add(place, 'repaired', 'email-in-link-field', text);
    return [email(mail)];
  }
  const repaired = text.replace(/^www\./i, 'https://www.').replace(/^h+(?=https?:\/\/)/i, '');
  const link = webAddress(repaired);
  if (link && repaired !== text) notebook.add(place, 'repaired', 'link-slip', text);
  if (!link) notebook.add(place, 'noticed', 'not-a-link', text);
  return link ? [{ channel: 'form', value: link, label: null }] : [];
}

export function readPhoneField(
  field: unknown,
  label: string | null,
  place: Place,
  notebook: Notebook,
): ImportedContact[] {
  const text = plainLine(plainLines(field).replace(/\n/g, ';'));
  if (!text) return [];
  if (isSentinel(text)) {
    notebook.add(place, 'repaired', 'no-address-words', text);
    return [];
  }
  const phones = text.split(/\s*[;,|]\s*|\s\/\s/).filter(Boolean);
  const good = phones.filter((phone) => phone.length <= 60 && asciiDigits(phone).replace(/\D/g, '').length >= 5);
  if (good.length < phones.length) notebook.add(place, 'noticed', 'not-a-phone', text);
  return distinct(good.map((value) => ({ channel: 'phone', value, label })));
}

export function readPostField(
  field: unknown,
  label: string | null,
  place: Place,
  notebook: Notebook,
): ImportedContact[] {
  const text = plainLines(field);
  if (!text) return [];
  if (isSentinel(text)) {
    notebook.add(place, 'repaired', 'no-address-words', text);
    return [];
  }
  if (text.length < 8 || text.length > 500) {
    notebook.add(place, 'noticed', 'not-a-postal-address', text);
    return [];
  }
  return [{ channel: 'post', value: text, label }];
}

const normalForms: Record<Channel, (value: string) => string> = {
  email: (value) => value.toLowerCase(),
  form: (value) => value,
  phone: (value) => asciiDigits(value).replace(/[^\d+]/g, ''),
  post: (value) =>
    value
      .toLowerCase()
      .replaceAll(/[\s,.;]+/g, ' ')
      .trim(),
};

/** Two values with one normal form are the same mailbox, form, phone or address. */
export function normalForm(channel: Channel, value: string): string {
  return normalForms[channel](value);
}

export function distinct(contacts: ImportedContact[]): ImportedContact[] {
  const seen = new Map<string, ImportedContact>();
  for (const contact of contacts) {
    const key = `${contact.channel} ${normalForm(contact.channel, contact.value)}`;
    if (!seen.has(key)) seen.set(key, contact);
  }
  return [...seen.values()];
}

function email(value: string): ImportedContact {
  return { channel: 'email', value, label: null };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0)!;
    const zero = [0x30, 0x660, 0x6f0].find((start) => code >= start && code < start + 10);
    return zero === undefined ? digit : String(code - zero);
  });
}
