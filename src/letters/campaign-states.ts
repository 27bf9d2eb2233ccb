export const campaignModes = ['organisation', 'supporters'] as const;
export type CampaignMode = (typeof campaignModes)[number];

export const campaignStates = [
  'draft',
  'in_review',
  'approved',
  'dispatching',
  'paused',
  'cancelled',
  'finished',
] as const;
export type CampaignState = (typeof campaignStates)[number];

/** From each state to the states that may follow. Whatever is edited falls back to draft, and its approval with it. */
export const campaignTransitions: Record<CampaignState, readonly CampaignState[]> = {
  draft: ['in_review', 'cancelled'],
  in_review: ['draft', 'approved', 'cancelled'],
  approved: ['draft', 'dispatching', 'cancelled'],
  dispatching: ['paused', 'cancelled', 'finished'],
  paused: ['dispatching', 'cancelled'],
  cancelled: [],
  finished: [],
};

export const mayBecome = (from: CampaignState, to: CampaignState) => campaignTransitions[from].includes(to);

/** Words and audience may be changed until the first letter is planned. */
export const isEditable = (state: CampaignState) => mayBecome(state, 'draft') || state === 'draft';

/** What came of a call. */
export const callOutcomes = ['reached', 'message', 'no-answer', 'wrong-number', 'refused'] as const;
export type CallOutcome = (typeof callOutcomes)[number];

/** Nobody of this office was spoken to: the call is still to be made. */
export const isInVain = (outcome: CallOutcome | undefined) => outcome === 'no-answer' || outcome === 'wrong-number';

export const letterStates = ['mail', 'task', 'held', 'done', 'excluded', 'cancelled'] as const;
/**
 * How a letter is handled. What became of a `mail` is the state of its row in the outbox, asked for and never copied.
 * A `task` waits for a person (a form to fill, a sheet to print, a call to make) and is `done` when she says so; while it
 * is `held` nobody does it.
 */
export type LetterState = (typeof letterStates)[number];

export const partVerbs = ['pause', 'resume', 'cancel'] as const;
export type PartVerb = (typeof partVerbs)[number];
/** What stopping a part makes of its tasks; its mails have the same words in the outbox. */
export const taskStops: Record<PartVerb, { from: readonly LetterState[]; to: LetterState }> = {
  pause: { from: ['task'], to: 'held' },
  resume: { from: ['held'], to: 'task' },
  cancel: { from: ['task', 'held'], to: 'cancelled' },
};
/** SQL: nobody has done it yet, and nobody has called it off. */
export const isOpenTask = `state IN ('task', 'held')`;
