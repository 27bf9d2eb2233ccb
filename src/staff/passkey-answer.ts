import { z } from 'zod';

/** What a browser says in the name of a passkey, as far as it has to be read before it is verified. */
export interface PasskeyAnswer {
  credentialId: Buffer;
  /** As the browser says it was asked. */
  challenge: Buffer;
  userHandle: Buffer | null;
  response: object;
}

const base64url = z
  .string()
  .max(20_000)
  .regex(/^[\w-]*$/);
const Answer = z.looseObject({
  id: base64url.min(1),
  rawId: base64url,
  type: z.literal('public-key'),
  response: z.looseObject({
    clientDataJSON: base64url,
    userHandle: base64url.nullish(),
    transports: z.array(z.string().max(40)).max(10).nullish(),
  }),
});
const ClientData = z.looseObject({ challenge: base64url.min(1) });

const bytes = (text: string) => Buffer.from(text, 'base64url');

/** @returns null for anything but the JSON form of a WebAuthn credential (WebAuthn level 3, 5.1.8) */
export function readAnswer(text: unknown): PasskeyAnswer | null {
  if (typeof text !== 'string' || text.length > 30_000) return null;
  try {
    const answer = Answer.parse(JSON.parse(text));
    const { challenge } = ClientData.parse(JSON.parse(bytes(answer.response.clientDataJSON).toString('utf8')));
    const { userHandle } = answer.response;
    return {
      credentialId: bytes(answer.id),
      challenge: bytes(challenge),
      userHandle: userHandle ? bytes(userHandle) : null,
      response: answer,
    };
  } catch {
    return null;
  }
}
