import { parse as uuidBytes, stringify as uuidText } from 'uuid';

/** Doors through which a signature can come, in the order of their number in a sealed form: only append. */
export const sources = ['page', 'api'] as const;
export type SignatureSource = (typeof sources)[number];

/** What somebody asked for, as it travels inside her confirmation link. Nothing of it is stored before she confirms. */
export interface SealedForm {
  petitionId: string;
  /** Seconds since 1970. */
  askedAt: number;
  name: string;
  email: string;
  country: string;
  locale: string;
  source: SignatureSource;
  textVersion: number;
  /** Ids of the consent wordings she agreed to: to sign always, the others or 0. */
  consents: { sign: number; showName: number; news: number };
  /** The same for organisations, at most 15: their number shares a byte with the source. */
  organisations?: number[];
}

const headLength = 31;

/**
 * petition[16] asked u32 country[2] source u4 + organisations u4 text u16 consents 3 x u16, then a u16 for each organisation,
 * then locale and e-mail with u8 lengths, then the name. A link from before there were organisations reads the same.
 */
export function packForm(form: SealedForm): Buffer {
  const organisations = form.organisations ?? [];
  const texts = [form.locale, form.email].map((text) => ({ text, length: Buffer.byteLength(text) }));
  const head = headLength + 2 * organisations.length;
  const length = texts.reduce((sum, each) => sum + 1 + each.length, head + Buffer.byteLength(form.name));
  const bytes = Buffer.alloc(length);
  bytes.set(uuidBytes(form.petitionId), 0);
  bytes.writeUInt32BE(form.askedAt, 16);
  bytes.write(form.country, 20, 2, 'latin1');
  bytes.writeUInt8(sources.indexOf(form.source) | (organisations.length << 4), 22);
  bytes.writeUInt16BE(form.textVersion, 23);
  bytes.writeUInt16BE(form.consents.sign, 25);
  bytes.writeUInt16BE(form.consents.showName, 27);
  bytes.writeUInt16BE(form.consents.news, 29);
  let at = headLength;
  for (const id of organisations) at = bytes.writeUInt16BE(id, at);
  for (const each of texts) {
    at = bytes.writeUInt8(each.length, at);
    at += bytes.write(each.text, at);
  }
  bytes.write(form.name, at);
  return bytes;
}

/** The opposite of `packForm`, for bytes whose seal was found whole. */
export function unpackForm(bytes: Buffer): SealedForm {
  const kind = bytes.readUInt8(22);
  let at = headLength + 2 * (kind >> 4);
  const next = () => {
    const length = bytes.readUInt8(at);
    const text = bytes.toString('utf8', at + 1, at + 1 + length);
    at += 1 + length;
    return text;
  };
  return {
    petitionId: uuidText(bytes.subarray(0, 16)),
    askedAt: bytes.readUInt32BE(16),
    country: bytes.toString('latin1', 20, 22),
    source: sources[kind & 15]!,
    textVersion: bytes.readUInt16BE(23),
    consents: { sign: bytes.readUInt16BE(25), showName: bytes.readUInt16BE(27), news: bytes.readUInt16BE(29) },
    organisations: Array.from({ length: kind >> 4 }, (_, each) => bytes.readUInt16BE(headLength + 2 * each)),
    locale: next(),
    email: next(),
    name: bytes.toString('utf8', at),
  };
}
