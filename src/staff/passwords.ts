import { Algorithm, hash, type Options, parseOptions, verify } from '@node-rs/argon2';
import { randomInt } from 'node:crypto';
import { z } from 'zod';

/** OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, two passes, one lane. */
const cost = {
  algorithm: 2 satisfies Algorithm.Argon2id,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
} satisfies Options;

export const NewPassword = z.string('required').min(12, 'password-too-short').max(200, 'too-long');

/** Keyboards differ in how they compose a letter; the person means the same one (NIST SP 800-63B, 5.1.1.2). */
const asMeant = (password: string): string => password.normalize('NFKC');

export const hashPassword = (password: string): Promise<string> => hash(asMeant(password), cost);

let nobody: Promise<string> | undefined;

/** Takes as long for somebody who does not exist as for a wrong password. */
export async function passwordFits(known: string | undefined, password: string): Promise<boolean> {
  nobody ??= hashPassword('nobody');
  const fits = await verify(known ?? (await nobody), asMeant(password.slice(0, 1000)));
  return known !== undefined && fits;
}

/** True if the hash was made with other costs than today's. */
export function isOutdated(known: string): boolean {
  const made = parseOptions(known);
  return (Object.keys(cost) as (keyof typeof cost)[]).some((name) => made[name] !== cost[name]);
}

// Without letters and digits that are taken for one another.
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';

const randomGroups = (groups: number): string =>
  Array.from({ length: groups }, () =>
    Array.from({ length: 4 }, () => alphabet[randomInt(alphabet.length)]).join(''),
  ).join('-');

/** Five groups of four from 31 signs: about 99 bits, easy to type. */
export const randomPassword = (): string => randomGroups(5);

/** Four groups of four: about 79 bits, so that a plain hash of it is enough. */
export const randomRecoveryCode = (): string => randomGroups(4);
