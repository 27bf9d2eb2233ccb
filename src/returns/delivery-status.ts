/** What a report says of one recipient (RFC 3464, 2.3). */
export interface RecipientStatus {
  action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';
  /** RFC 3463; made of the SMTP code where the report has none. */
  status: string | null;
  diagnostic: string | null;
  original: string | null;
  final: string | null;
}

export interface DeliveryStatus {
  envelopeId: string | null;
  recipients: RecipientStatus[];
}

const actions = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'] as const;
const ofClass = { '5': 'failed', '4': 'delayed', '2': 'delivered' } as const;
const startsRecipient = new Set(['original-recipient', 'final-recipient']);

/**
 * Reads the fields of a message/delivery-status part. Real ones lack the blank line between their blocks, an action or a
 * status; what can be told from the other fields is.
 */
export function readDeliveryStatus(text: string): DeliveryStatus {
  const blocks: Map<string, string>[] = [new Map()];
  const lines = text
    .slice(0, 64_000)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/\n[ \t]+(?=\S)/g, ' ')
    .split('\n');
  for (const line of lines.slice(0, 500)) {
    const block = blocks.at(-1)!;
    const [, name, value] = /^([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*:(.*)$/.exec(line.slice(0, 2000)) ?? [];
    if (!name) {
      if (line.trim() === '' && block.size > 0) blocks.push(new Map());
      continue;
    }
    const key = name.toLowerCase();
    const next = startsRecipient.has(key) && block.has(key);
    (next ? added(blocks) : block).set(key, value!.trim());
  }
  const envelopeId = blocks.find((block) => block.has('original-envelope-id'))?.get('original-envelope-id');
  return { envelopeId: envelopeId ?? null, recipients: blocks.flatMap((block) => recipientOf(block) ?? []) };
}

function added(blocks: Map<string, string>[]): Map<string, string> {
  const block = new Map<string, string>();
  blocks.push(block);
  return block;
}

function recipientOf(block: Map<string, string>): RecipientStatus | null {
  const diagnostic = block.get('diagnostic-code') ?? null;
  const status = enhancedStatus(block.get('status') ?? '') ?? enhancedStatus(diagnostic ?? '');
  const said = block
    .get('action')
    ?.toLowerCase()
    .split(/[^a-z]/)[0];
  const action = actions.find((each) => each === said) ?? (said ? undefined : ofClass[status?.[0] as '5']);
  const [original, final] = [addressIn(block.get('original-recipient')), addressIn(block.get('final-recipient'))];
  if (!action || (!original && !final)) return null;
  return { action, status, diagnostic: diagnostic?.replace(/^[a-z0-9-]+\s*;\s*/i, '') ?? null, original, final };
}

/** The first enhanced status in the text, or one made of its first SMTP code; null when there is neither. */
export function enhancedStatus(text: string): string | null {
  const enhanced = /(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)/.exec(text)?.[1];
  if (enhanced) return enhanced;
  const code = /(?:^|[^\d.-])([45])\d\d(?=[ -]|$)/.exec(text)?.[1];
  return code ? `${code}.0.0` : null;
}

/** `rfc822; <Anna@example.org>`, with or without its parts, in lower case; xtext (RFC 3461, 4) decoded. */
function addressIn(value: string | undefined): string | null {
  const bare = value
    ?.replace(/^[a-z0-9-]+\s*;/i, '')
    .replaceAll(/[<>]/g, '')
    .trim()
    .replaceAll(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .toLowerCase();
  return bare?.includes('@') ? bare : null;
}
