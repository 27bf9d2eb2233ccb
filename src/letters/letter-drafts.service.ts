import { Injectable } from '@nestjs/common';
import { nameKey } from '../lawmakers/importers/person-names.js';
import type { Form } from '../site/form-answers.js';
import { direction } from '../site/languages.js';
import { fieldErrors } from '../site/pipes.js';
import { type FieldError, problems } from '../site/problem.js';
import { LetterCampaigns, textFaults, type WholeCampaign } from './letter-campaigns.service.js';
import { readWords } from './letter-forms.js';
import { LetterPlans, type PlannedLetter, wordingFor } from './letter-plans.service.js';
import type { LetterText } from './letter-text.entity.js';
import type { LetterVariant } from './letter-variant.entity.js';
import { LetterWords, NewVariant } from './letters.schema.js';
import { readVariantForm } from './variant-form.js';

/** Lawmakers offered at once; the others are found by name. */
const offered = 50;

/** What is in a form, as one lawmaker would get it. */
export interface LetterDraft {
  /** Until these are mended there is no letter; those of a template tell their line. */
  faults: FieldError[];
  /** There is no subject or no body yet. */
  blank: boolean;
  /** Of those who would get these words and have the name that is looked for, the first; and how many there are. */
  lawmakers: { code: string; name: string }[];
  found: number;
  search: string;
  lawmakerId: string | null;
  letter: { subject: string; text: string; locale: string; dir: string } | null;
  /** Why this lawmaker would get none all the same. */
  excluded: string | null;
}

/**
 * Shows words while they are written, by the very code that writes the letters. Saves nothing and sends nothing. The form
 * tells besides for whom: `lawmakerId`, and `search` for a name.
 */
@Injectable()
export class LetterDrafts {
  constructor(
    private readonly campaigns: LetterCampaigns,
    private readonly plans: LetterPlans,
  ) {}

  /** The text of a language. @throws Problem not-found */
  async text(id: string, locale: string, form: Form): Promise<LetterDraft> {
    const campaign = await this.campaigns.find(id);
    const text = { ...wordsIn(form), campaignId: id, locale } as LetterText;
    const texts = [...campaign.texts.filter((each) => each.locale !== locale), text];
    return this.show({ ...campaign, texts }, text, form);
  }

  /** A variant; without an id a new one, which is tried after the others. @throws Problem not-found */
  async variant(id: string, variantId: unknown, form: Form): Promise<LetterDraft> {
    const campaign = await this.campaigns.find(id);
    const before = campaign.variants.find((each) => each.id === variantId);
    if (variantId && !before) throw problems.notFound('There is no such variant in this campaign.');
    const about = NewVariant.pick({ locale: true, rules: true }).safeParse(readVariantForm(form));
    if (!about.success) return { ...nothing(form), faults: fieldErrors(about.error.issues) };
    const variant = { id: 'new', ...before, ...about.data, ...wordsIn(form), campaignId: id } as LetterVariant;
    const variants = before
      ? campaign.variants.map((each) => (each === before ? variant : each))
      : [...campaign.variants, variant];
    return this.show({ ...campaign, variants }, variant, form);
  }

  /** @param campaign as it would be if `wording`, one of its own, were saved */
  private async show(campaign: WholeCampaign, wording: LetterText | LetterVariant, form: Form): Promise<LetterDraft> {
    const draft = nothing(form);
    const wanted = nameKey(draft.search).split(' ');
    const readers = (await this.plans.members(campaign)).filter(
      (member) =>
        member.excluded === null &&
        wordingFor(campaign, member) === wording &&
        wanted.every((word) => nameKey(member.name).includes(word)),
    );
    // A mail rather than a call: it has everything that a letter may have.
    const chosen =
      readers.find(({ lawmakerId }) => lawmakerId === form.lawmakerId) ??
      readers.find(({ contactPoint }) => contactPoint?.channel === 'email') ??
      readers[0];
    const listed = readers.slice(0, offered);
    if (chosen && !listed.includes(chosen)) listed.unshift(chosen);
    const whom = {
      lawmakers: listed.map(({ lawmakerId, name }) => ({ code: lawmakerId, name })),
      ...{ found: readers.length, lawmakerId: chosen?.lawmakerId ?? null },
    };
    const faults = faultsIn(wording, campaign.petitionId !== null);
    const blank = wording.subject === '' || wording.body === '';
    if (!chosen || blank || faults.length > 0) return { ...draft, ...whom, blank, faults };
    const [planned] = await this.plans.plan(campaign, [chosen]);
    return { ...draft, ...whom, ...written(planned!) };
  }
}

const nothing = (form: Form): LetterDraft => ({
  ...{ faults: [], blank: false, lawmakers: [], found: 0, lawmakerId: null, letter: null, excluded: null },
  search: text(form.search).slice(0, 100),
});

function written({ letter, excluded }: PlannedLetter): Pick<LetterDraft, 'letter' | 'excluded'> {
  if (!letter) return { letter, excluded };
  const { subject, text, locale } = letter;
  return { letter: { subject, text, locale, dir: direction(locale) }, excluded };
}

/** Not yet written is no fault. */
function faultsIn(words: LetterWords, ofPetition: boolean): FieldError[] {
  const errors = fieldErrors(LetterWords.safeParse(words).error?.issues ?? []);
  const wrong = errors.filter(({ code }) => code !== 'required');
  return wrong.length > 0 ? wrong : textFaults(words, ofPetition);
}

const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

function wordsIn(form: Form): LetterWords {
  const { subject, body } = readWords(form);
  return { subject: text(subject), body: text(body) };
}
