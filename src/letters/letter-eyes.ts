import { withoutObjectionLink } from '../lawmakers/objection-links.service.js';
import type { Actor } from '../staff/access.js';

/** Who may hold the link by which an office objects: those who write letters and those who send them. */
export const mayHoldLinks = ({ rights }: Pick<Actor, 'rights'>): boolean =>
  rights.includes('letters:compose') || rights.includes('letters:send');

/** The words of a letter as this person may read them: a viewer changes nothing, so her copy has no working link. */
export const wordsFor = <Text extends string | null>(actor: Pick<Actor, 'rights'>, text: Text): Text | string =>
  text === null || mayHoldLinks(actor) ? text : withoutObjectionLink(text);
