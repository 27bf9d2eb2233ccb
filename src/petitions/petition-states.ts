export const petitionStates = ['draft', 'in_review', 'open', 'closed', 'archived'] as const;
export type PetitionState = (typeof petitionStates)[number];

/** Each verb that moves a petition: from where, and to where. Archived is the end. */
export const moves = {
  review: { from: ['draft'], to: 'in_review' },
  rejection: { from: ['in_review'], to: 'draft' },
  opening: { from: ['in_review', 'closed'], to: 'open' },
  closing: { from: ['open'], to: 'closed' },
  archiving: { from: ['closed'], to: 'archived' },
} as const satisfies Record<string, { from: readonly PetitionState[]; to: PetitionState }>;
export type Move = keyof typeof moves;

/** Whether everybody may see it; before that, it does not exist for the public. */
export const isPublic = (state: PetitionState): boolean => state !== 'draft' && state !== 'in_review';

/** Whether its words can be replaced in place: nobody can have signed them. */
export const isUnpublished = (state: PetitionState): boolean => !isPublic(state);
