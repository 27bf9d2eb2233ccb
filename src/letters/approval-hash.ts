import { canonicalJson } from '../site/canonical-json.js';
import { sha256 } from './digest.js';

/** Everything a second person vouches for. A field added here voids every approval given before. */
export interface ApprovedContent {
  title: string;
  mode: string;
  digest: boolean;
  supporterPerDay: number;
  supporterTotal: number;
  petitionId: string | null;
  defaultLocale: string;
  senderName: string;
  organisation: string;
  replyTo: string;
  forwardReplies: boolean;
  audience: unknown;
  notBefore: Date | null;
  notAfter: Date | null;
  pace: unknown;
  /** Hours of legislatures that count instead of the campaign's, by slug. */
  officeHours: unknown;
  texts: { locale: string; subject: string; body: string }[];
  /** In their order: the first that fits is taken. */
  variants: { id: string; locale: string; rules: unknown; subject: string; body: string }[];
  postscripts: { lawmakerId: string; text: string }[];
  attachments: { id: string; name: string; type: string; sha256: Buffer }[];
}

/** SHA-256, in hex, over the content in canonical form; texts in the order of their locales. */
export function approvalHash(content: ApprovedContent): string {
  const canonical = canonicalJson({
    format: 'countersign letter approval v1',
    title: content.title,
    mode: content.mode,
    ...(content.mode === 'supporters' && {
      supporters: {
        digest: content.digest,
        perDay: content.supporterPerDay,
        total: content.supporterTotal,
      },
    }),
    petitionId: content.petitionId,
    defaultLocale: content.defaultLocale,
    sender: {
      name: content.senderName,
      organisation: content.organisation,
      replyTo: content.replyTo,
      forwardReplies: content.forwardReplies,
    },
    audience: content.audience,
    schedule: {
      notBefore: content.notBefore?.toISOString() ?? null,
      notAfter: content.notAfter?.toISOString() ?? null,
      pace: content.pace,
      officeHours: content.officeHours,
    },
    texts: content.texts
      .map(({ locale, subject, body }) => ({ locale, subject, body }))
      .sort((one, other) => (one.locale < other.locale ? -1 : 1)),
    variants: content.variants.map(({ id, locale, rules, subject, body }) => ({ id, locale, rules, subject, body })),
    postscripts: content.postscripts
      .map(({ lawmakerId, text }) => ({ lawmakerId, text }))
      .sort((one, other) => (one.lawmakerId < other.lawmakerId ? -1 : 1)),
    attachments: content.attachments
      .map(({ id, name, type, sha256: digest }) => ({ id, name, type, sha256: digest.toString('hex') }))
      .sort((one, other) => (one.id < other.id ? -1 : 1)),
  });
  return sha256(canonical).toString('hex');
}
