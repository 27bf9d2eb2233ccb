import { finalStates } from './mail-states.js';

const finals = finalStates.map((state) => `'${state}'`).join(', ');

/** What a mail becomes that would go back into the queue, had nobody stopped it meanwhile. */
export const back = (state: string) =>
  `CASE WHEN ${state} NOT IN ('queued', 'deferred') OR stop IS NULL THEN ${state}
        WHEN stop = 'cancel' THEN 'cancelled' ELSE 'held' END`;

/** Lets go of a mail: sets its state, ends the attempt's hold on it, blanks the payload of what is final. */
export const letGo = (state: string) => `
  state = ${state}, state_at = now(), attempt_id = NULL, worker = NULL, lease_until = NULL,
  payload = CASE WHEN ${state} IN (${finals}) THEN NULL ELSE payload END`;
