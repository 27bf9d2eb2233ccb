/** The life of an update; `stopped` is an end that somebody chose. */
export const updateStates = ['draft', 'in_review', 'sending', 'sent', 'stopped'] as const;
export type UpdateState = (typeof updateStates)[number];

interface Move {
  from: readonly UpdateState[];
  to: UpdateState;
}

/** What can be done with an update, and in which states. */
export const moves = {
  writing: { from: ['draft', 'in_review'], to: 'draft' },
  review: { from: ['draft'], to: 'in_review' },
  rejection: { from: ['in_review'], to: 'draft' },
  approval: { from: ['in_review'], to: 'sending' },
  stop: { from: ['sending'], to: 'stopped' },
} as const satisfies Record<string, Move>;
export type UpdateMove = keyof typeof moves;

/** Whether the public may read it. */
export const isOut = (state: UpdateState): boolean => state === 'sending' || state === 'sent';
