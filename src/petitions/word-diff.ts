import { diffArrays } from 'diff';

export interface Piece {
  kind: 'same' | 'added' | 'removed' | 'gap';
  text: string;
}

/** Work that one comparison may take; beyond, two texts have so little in common that they are shown one after the other. */
const mostEdits = 500;
/** Characters kept around a change when much stays the same. */
const around = 160;

/** A word with what belongs to it (marks, the half-space of Persian), space, or a sign. `Intl.Segmenter` takes a second for a long text. */
const word = /[\p{L}\p{M}\p{N}\u200c]+|\s+|[^\p{L}\p{M}\p{N}\u200c\s]/gu;

/** From one text to the next, word by word. What stays the same is shortened to what is near a change. */
export function wordDiff(before: string, after: string): Piece[] {
  const words = (text: string): string[] => text.match(word) ?? [];
  const changes = diffArrays(words(before), words(after), { maxEditLength: mostEdits });
  const pieces = changes?.map(({ added, removed, value }): Piece => {
    return { kind: added ? 'added' : removed ? 'removed' : 'same', text: value.join('') };
  }) ?? [
    { kind: 'removed', text: before },
    { kind: 'added', text: after },
  ];
  return pieces.flatMap((piece, at) => shorten(piece, at === 0, at === pieces.length - 1));
}

function shorten({ kind, text }: Piece, first: boolean, last: boolean): Piece[] {
  const [head, tail] = [first ? 0 : around, last ? 0 : around];
  if (kind !== 'same' || text.length <= 2 * around + 40) return [{ kind, text }];
  const parts: Piece[] = [
    { kind, text: text.slice(0, head) },
    { kind: 'gap', text: '' },
    { kind, text: text.slice(text.length - tail) },
  ];
  return parts.filter((part) => part.kind === 'gap' || part.text !== '');
}
