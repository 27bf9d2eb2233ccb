import PostalMime from 'postal-mime';

export interface ReadMail {
  subject: string;
  text: string;
  /** In the order of the bytes; names and subject decoded, everything else as it stands there. */
  headers: { name: string; value: string }[];
  /** Sizes in bytes, as they are after decoding. */
  attachments: { name: string; type: string; size: number }[];
}

/** Reads the bytes of a mail as its receiver does. */
export async function readMail(raw: Buffer): Promise<ReadMail> {
  const parsed = await PostalMime.parse(raw);
  const mailboxes = (list: { name?: string; address?: string }[] | undefined) =>
    list?.map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(', ');
  const decoded: Record<string, string | undefined> = {
    From: mailboxes(parsed.from && [parsed.from]),
    To: mailboxes(parsed.to),
    'Reply-To': mailboxes(parsed.replyTo),
    Subject: parsed.subject,
  };
  const head = raw.toString('latin1').split('\r\n\r\n')[0]!;
  const headers = head
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .map((line) => {
      const name = line.slice(0, line.indexOf(':'));
      return { name, value: decoded[name] ?? line.slice(name.length + 1).trim() };
    });
  const attachments = parsed.attachments.map(({ filename, mimeType, content }) => ({
    name: filename ?? '',
    type: mimeType,
    size: typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength,
  }));
  return { subject: parsed.subject ?? '', text: parsed.text ?? '', headers, attachments };
}
