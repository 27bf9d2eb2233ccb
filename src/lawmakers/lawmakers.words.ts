import { type Locale, translate } from '../site/languages.js';
import type { LawmakerView } from './lawmakers.service.js';

/** Words for pages where the data holds codes. */

const chambers = ['senate', 'house', 'upper', 'lower', 'legislature'];

/** Sources that code chambers get our words; the others have named them themselves. */
export function chamberName(locale: Locale, chamber: string | null): string | null {
  return chamber && chambers.includes(chamber) ? translate(locale, `lawmakers.chamber.${chamber}`) : chamber;
}

/** What matters most about somebody's state, as a code of `lawmakers.state.*` and a tone. */
export function stateOf({ objected, leftAt, sitting }: Pick<LawmakerView, 'objected' | 'leftAt' | 'sitting'>) {
  if (objected) return { state: 'objection', tone: 'bad' };
  if (leftAt) return { state: 'left', tone: 'quiet' };
  return sitting ? { state: 'present', tone: 'good' } : { state: 'not-sitting', tone: 'wait' };
}
