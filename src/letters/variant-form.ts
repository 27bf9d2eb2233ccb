import type { Form } from '../site/form-answers.js';
import { readWords } from './letter-forms.js';
import { variantRuleNames } from './variant-rules.js';

const list = (value: unknown): unknown[] =>
  value === undefined || value === '' ? [] : Array.isArray(value) ? value : [value];

/** The fields of a variant's form as the schema takes them. */
export function readVariantForm(form: Form) {
  return {
    ...{ name: form.name, locale: form.locale },
    ...readWords(form),
    rules: Object.fromEntries(variantRuleNames.map((rule) => [rule, list(form[rule])])),
  };
}

/** The rules of a form as lists, so that a template can ask whether one is ticked. */
export const withRuleLists = (form: Form): Form => ({
  ...form,
  ...Object.fromEntries(variantRuleNames.map((rule) => [rule, list(form[rule])])),
});
