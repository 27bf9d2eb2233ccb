import { createHash } from 'node:crypto';
import { canonicalJson } from '../site/canonical-json.js';
import type { PetitionWords } from './petition-words.schema.js';

/** SHA-256 over the canonical form of everything a signer reads, in one language. */
export const textHash = (locale: string, words: PetitionWords): Buffer =>
  createHash('sha256')
    .update(canonicalJson({ ...words, locale }))
    .digest();

/** One digest, in hex, for the texts in all languages: SHA-256 over the canonical form of `{"<locale>/<version>": digest}`. */
export const textsHash = (digests: Record<string, string>): string =>
  createHash('sha256').update(canonicalJson(digests)).digest('hex');
