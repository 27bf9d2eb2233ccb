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
}

const headLength = 31;

/** petition[16] asked u32 country[2] source u8 text u16 consents 3 x u16, then locale and e-mail with u8 lengths, then the name. */
export function packForm(form: SealedForm): Buffer {
  const head = Buffer.alloc(headLength);
  Buffer.from(uuidBytes(form.petitionId)).copy(head, 0);
  head.writeUInt32BE(form.askedAt, 16);
  head.write(form.country, 20, 2, 'latin1');
  head.writeUInt8(sources.indexOf(form.source), 22);
  head.writeUInt16BE(form.textVersion, 23);
  head.writeUInt16BE(form.consents.sign, 25);
  head.writeUInt16BE(form.consents.showName, 27);
  head.writeUInt16BE(form.consents.news, 29);
  const withLength = (text: string) => {
    const bytes = Buffer.from(text);
    return [Buffer.of(bytes.length), bytes];
  };
  return Buffer.concat([head, ...withLength(form.locale), ...withLength(form.email), Buffer.from(form.name)]);
}

/** The opposite of `packForm`, for bytes whose seal was found whole. */
export function unpackForm(bytes: Buffer): SealedForm {
  let at = headLength;
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
    source: sources[bytes.readUInt8(22)]!,
    textVersion: bytes.readUInt16BE(23),
    consents: { sign: bytes.readUInt16BE(25), showName: bytes.readUInt16BE(27), news: bytes.readUInt16BE(29) },
    locale: next(),
    email: next(),
    name: bytes.toString('utf8', at),
  };
}
