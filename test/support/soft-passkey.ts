import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

interface Options {
  challenge: string;
  rpId?: string;
  rp?: { id: string };
  user?: { id: string };
}
interface Lies {
  origin?: string;
  rpId?: string;
  challenge?: string;
  type?: string;
  /** Says that it did not ask for a finger or a PIN. */
  unverified?: boolean;
  counter?: number;
  userHandle?: string;
  id?: string;
}

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest();
const text = (bytes: Buffer) => bytes.toString('base64url');

/** A passkey as a device has it (WebAuthn level 3, ES256, no attestation), in a few lines. It lies on request. */
export class SoftPasskey {
  readonly id = randomBytes(20);
  private counter = 0;
  private userHandle = '';
  private readonly publicKey: KeyObject;
  private readonly privateKey: KeyObject;

  constructor(private readonly origin: string) {
    ({ publicKey: this.publicKey, privateKey: this.privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  }

  /** @param options JSON of the page */
  create(options: string, lies: Lies = {}): string {
    const { challenge, rp, user } = JSON.parse(options) as Options;
    // Whom it was first made for; the same again for somebody else is a lie that leaves it as it is.
    this.userHandle ||= user!.id;
    const { x, y } = this.publicKey.export({ format: 'jwk' });
    const [head, middle] = ['a5010203262001215820', '225820'].map((hex) => Buffer.from(hex, 'hex'));
    const key = Buffer.concat([head!, Buffer.from(x!, 'base64url'), middle!, Buffer.from(y!, 'base64url')]);
    const length = Buffer.from([0, this.id.length]);
    const data = Buffer.concat([this.data(lies.rpId ?? rp!.id, 0x40, lies), Buffer.alloc(16), length, this.id, key]);
    // CBOR: {fmt: "none", attStmt: {}, authData}
    const attestationObject = Buffer.concat([
      Buffer.from('a363666d74646e6f6e656761747453746d74a0686175746844617461', 'hex'),
      Buffer.from([0x58, data.length]),
      data,
    ]);
    return this.answer({
      clientDataJSON: text(this.said('webauthn.create', challenge, lies)),
      attestationObject: text(attestationObject),
      transports: ['internal'],
    });
  }

  get(options: string, lies: Lies = {}): string {
    const { challenge, rpId } = JSON.parse(options) as Options;
    this.counter = lies.counter ?? this.counter + 1;
    const data = this.data(lies.rpId ?? rpId!, 0, lies);
    const said = this.said('webauthn.get', challenge, lies);
    const signature = sign('sha256', Buffer.concat([data, sha256(said)]), this.privateKey);
    return this.answer(
      {
        ...{ clientDataJSON: text(said), authenticatorData: text(data), signature: text(signature) },
        userHandle: lies.userHandle ?? this.userHandle,
      },
      lies.id,
    );
  }

  private data(rpId: string, flags: number, { unverified }: Lies): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    return Buffer.concat([sha256(rpId), Buffer.from([flags | (unverified ? 0x01 : 0x05)]), counter]);
  }

  private said(type: string, asked: string, lies: Lies): Buffer {
    const { origin = this.origin, challenge = asked } = lies;
    return Buffer.from(JSON.stringify({ type: lies.type ?? type, challenge, origin, crossOrigin: false }));
  }

  private answer(response: object, id = text(this.id)): string {
    return JSON.stringify({ id, rawId: id, type: 'public-key', clientExtensionResults: {}, response });
  }
}
