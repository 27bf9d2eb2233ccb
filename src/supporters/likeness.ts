import type { Vault } from '../vault/vault.service.js';

/** Numbers per text; more tell likeness more exactly. */
const hashes = 32;
/** Numbers that two texts must share to be candidates at all. */
const band = 4;
/** Texts with at least this share of numbers in common are taken for one text with small changes. */
const alike = 0.75;
/** Texts that are compared within one bucket: the work stays bounded when all are the same. */
const mostCompared = 20;

/**
 * How a text reads, as 32 numbers: MinHash (Broder 1997) over its groups of three words. The hash is keyed, so that
 * nobody who holds the numbers alone can try texts against them.
 * @returns null for a text without a word
 */
export function likenessOf(vault: Vault, text: string): number[] | null {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  if (words.length === 0) return null;
  const groups = new Set(
    words.slice(0, Math.max(1, words.length - 2)).map((_, at) => words.slice(at, at + 3).join(' ')),
  );
  const least = Array.from({ length: hashes }, () => 0xffffffff);
  for (const group of groups) {
    const digest = vault.tag('likeness', Buffer.from(group));
    const [first, step] = [digest.readUInt32BE(0), digest.readUInt32BE(4) | 1];
    for (let n = 0; n < hashes; n += 1) {
      const hash = (first + Math.imul(step, n)) >>> 0;
      if (hash < least[n]!) least[n] = hash;
    }
  }
  // As the signed integers of the database.
  return least.map((hash) => hash | 0);
}

/** How many of these texts read like another of them. */
export function likeAnother(texts: number[][]): number {
  return new Set(pairsAlike(texts).flat()).size;
}

/** The texts by their places, those that read alike together, groups and places in the order given. */
export function groupsAlike(texts: number[][]): number[][] {
  const first = texts.map((_, at) => at);
  const rootOf = (at: number): number => (first[at] === at ? at : (first[at] = rootOf(first[at]!)));
  for (const [later, earlier] of pairsAlike(texts)) {
    const [one, other] = [rootOf(later), rootOf(earlier)];
    first[Math.max(one, other)] = Math.min(one, other);
  }
  const groups = new Map<number, number[]>();
  for (const at of texts.keys()) {
    const group = groups.get(rootOf(at));
    if (group) group.push(at);
    else groups.set(rootOf(at), [at]);
  }
  return [...groups.values()];
}

/** Places of two texts that read alike, the later first. Not all pairs: enough to know who has one, and who belong together. */
function pairsAlike(texts: number[][]): [number, number][] {
  const buckets = new Map<string, number[]>();
  const pairs: [number, number][] = [];
  texts.forEach((text, at) => {
    for (let from = 0; from < hashes; from += band) {
      const name = `${from} ${text.slice(from, from + band).join(' ')}`;
      const bucket = buckets.get(name) ?? [];
      buckets.set(name, bucket);
      for (const other of bucket) {
        if (other !== at && shared(text, texts[other]!) >= alike) pairs.push([at, other]);
      }
      if (bucket.length < mostCompared && !bucket.includes(at)) bucket.push(at);
    }
  });
  return pairs;
}

const shared = (one: number[], other: number[]) => one.filter((hash, n) => hash === other[n]).length / hashes;
