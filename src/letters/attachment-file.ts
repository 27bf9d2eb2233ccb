import { type FieldError, problems } from '../site/problem.js';
import { sha256 } from './digest.js';

/** What may go with a letter, and how its name may end. */
const endings = {
  'application/pdf': ['pdf'],
  'image/png': ['png'],
  'image/jpeg': ['jpg', 'jpeg'],
  'text/plain': ['txt'],
} as const;
export type AttachmentType = keyof typeof endings;
export const attachmentTypes = Object.keys(endings) as AttachmentType[];

export interface AttachmentFile {
  name: string;
  type: AttachmentType;
  size: number;
  sha256: Buffer;
  content: Buffer;
}

const starts = (bytes: Buffer, ...beginning: number[]) => beginning.every((byte, at) => bytes[at] === byte);

/** What a file is by its bytes, whatever it says it is; null: nothing that may go with a letter. */
export function attachmentType(bytes: Buffer): AttachmentType | null {
  if (bytes.subarray(0, 5).toString('latin1') === '%PDF-') {
    return bytes.subarray(-1024).includes('%%EOF') ? 'application/pdf' : null;
  }
  if (starts(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) {
    return bytes.subarray(-12).includes('IEND') ? 'image/png' : null;
  }
  if (starts(bytes, 0xff, 0xd8, 0xff))
    return bytes.subarray(-2).equals(Buffer.from([0xff, 0xd9])) ? 'image/jpeg' : null;
  return isPlainText(bytes) ? 'text/plain' : null;
}

/** UTF-8 without control characters that does not begin like a page or a drawing, which some programs would open as one. */
function isPlainText(bytes: Buffer): boolean {
  if (bytes.length === 0) return false;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return !/[^\P{Cc}\t\n\r\f]/u.test(text) && !/^\s*<(!|\?|html|svg|head|body|script)/i.test(text);
  } catch {
    return false;
  }
}

/** The last part of a path as one line that can stand in a header and on any disk. */
export function attachmentName(written: string): string {
  const [last = ''] = written.split(/[/\\]/).slice(-1);
  const name = last
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replaceAll(/["<>|:*?;%]/g, '-')
    .replaceAll(/ {2,}/g, ' ')
    .replace(/^[. ]+/, '')
    .trim();
  const dot = name.lastIndexOf('.');
  return dot < 0 ? name.slice(0, 100) : `${name.slice(0, dot).slice(0, 90).trim()}${name.slice(dot, dot + 10)}`;
}

/** @param most bytes a file may have @throws Problem invalid, beside the field `file` */
export function readAttachment(written: string, content: Buffer, most: number): AttachmentFile {
  const refuse = (code: string, message: string) => {
    const fault: FieldError = { field: 'file', code, message };
    return problems.invalid([fault]);
  };
  if (content.length === 0) throw refuse('required', 'Choose a file.');
  if (content.length > most) throw refuse('file-too-large', `A file may have ${Math.floor(most / 1024)} KB.`);
  const type = attachmentType(content);
  if (!type) throw refuse('not-an-attachment', 'Only PDF, PNG, JPEG and plain text in UTF-8 can go with a letter.');
  const name = attachmentName(written);
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  if (!name.includes('.') || !endings[type].some((each) => each === ending)) {
    throw refuse(
      'ending-not-of-type',
      `By its content this is ${type}; its name must end in ${endings[type].join(' or ')}.`,
    );
  }
  return { name, type, size: content.length, sha256: sha256(content), content };
}
