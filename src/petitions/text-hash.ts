import { createHash } from 'node:crypto';
import { canonicalJson } from '../site/canonical-json.js';
import type { PetitionWords } from './petitions.schema.js';

/** SHA-256 over the canonical form of everything a signer reads, in one language. */
export const textHash = (locale: string, words: PetitionWords): Buffer =>
  createHash('sha256')
    .update(canonicalJson({ ...words, locale }))
    .digest();
