import MailComposer from 'nodemailer/lib/mail-composer';

export interface MailFile {
  name: string;
  /** A media type that was made sure of. */
  type: string;
  content: Buffer;
}

/**
 * What all mails of a campaign end with: their attachments, from the delimiter before the first one to the end. It is kept
 * once, however many mails there are; a mail is its own beginning and these bytes (see `renderMail`).
 */
export interface MailTail {
  /** Hexadecimal; the boundary is made of it. It must change with the files. */
  key: string;
  bytes: Buffer;
  sha256: Buffer;
}

/** The bytes of the tail. The same files and key give the same bytes. */
export async function composeTail(key: string, files: readonly MailFile[]): Promise<Buffer> {
  const bytes = await new MailComposer({
    // Some text, so that there is a part before the files as in every mail.
    text: 'x',
    attachments: files.map(({ name, type, content }) => ({
      filename: name,
      content,
      contentType: type === 'text/plain' ? 'text/plain; charset=utf-8' : type,
      contentTransferEncoding: 'base64' as const,
    })),
    ...boundaryOf(key),
  })
    .compile()
    .build();
  const delimiter = delimiterOf(bytes);
  return bytes.subarray(bytes.indexOf(delimiter, bytes.indexOf(delimiter) + 1) + 2);
}

export const boundaryOf = (key: string) => ({
  baseBoundary: key,
  boundaryPrefix: '--_cs',
  newline: 'win' as const,
  disableFileAccess: true,
  disableUrlAccess: true,
});

/** Stands for the tail while the beginning of a mail is composed; `withoutStandIn` cuts it off again. */
export const standIn = { filename: 'x', content: '' };

/** @throws Error when the words of the mail hold the boundary */
export function withoutStandIn(bytes: Buffer): Buffer {
  const delimiter = delimiterOf(bytes);
  const text = bytes.indexOf(delimiter);
  const file = bytes.indexOf(delimiter, text + 1);
  if (file < 0 || bytes.indexOf(delimiter, file + 1) >= 0) throw new Error('A mail may not hold its own boundary');
  return bytes.subarray(0, file + 2);
}

function delimiterOf(bytes: Buffer): string {
  const head = bytes.subarray(0, bytes.indexOf('\r\n\r\n')).toString('latin1');
  return `\r\n--${/boundary="([^"]+)"/.exec(head)![1]!}\r\n`;
}
