import { salutation } from '../src/letters/salutation.js';

const anna = { name: 'Anna Berg', familyName: 'Berg', honorific: null, role: null, gender: null };

describe('salutations', () => {
  it.each([
    ['nothing known', 'en', {}, 'Dear Anna Berg'],
    ['a woman', 'en', { gender: 'female' }, 'Dear Ms Berg'],
    ['a man', 'en-GB', { gender: 'M' }, 'Dear Mr Berg'],
    ['neither', 'en', { gender: 'nonbinary' }, 'Dear Anna Berg'],
    ['no family name', 'en', { gender: 'female', familyName: null }, 'Dear Anna Berg'],
    ['a doctor', 'en', { honorific: 'Dr.' }, 'Dear Dr Berg'],
    ['a doctor and woman', 'en', { honorific: 'Dr', gender: 'female' }, 'Dear Dr Berg'],
    ['an honorific', 'en', { honorific: 'Mrs' }, 'Dear Ms Berg'],
    ['a senator', 'en', { role: 'Senator', gender: 'female' }, 'Dear Senator Berg'],
    ['a representative', 'en', { honorific: 'Rep.' }, 'Dear Representative Berg'],
    ['a style for envelopes', 'en', { honorific: 'The Hon.', gender: 'female' }, 'Dear Ms Berg'],
    ['a title we do not know', 'en', { honorific: 'Baroness', gender: 'female' }, 'Dear Anna Berg'],
    ['data that contradicts itself', 'en', { honorific: 'Mr', gender: 'female' }, 'Dear Anna Berg'],
    ['a foreign honorific', 'en', { honorific: 'Frau' }, 'Dear Ms Berg'],
    ['nothing known, German', 'de', {}, 'Guten Tag Anna Berg'],
    ['a doctor, German', 'de', { honorific: 'Frau Dr.' }, 'Sehr geehrte Frau Dr. Berg'],
    ['a doctor of unknown gender, German', 'de', { honorific: 'Dr.' }, 'Guten Tag Anna Berg'],
    ['nothing known, French', 'fr', {}, 'Madame, Monsieur'],
    ['a senator, French', 'fr', { role: 'Sénatrice', gender: 'female' }, 'Madame la Sénatrice'],
    ['a senator of unknown gender, French', 'fr', { role: 'Senator' }, 'Madame, Monsieur'],
    ['a deputy, French', 'fr', { role: 'Député', gender: 'male' }, 'Monsieur le Député'],
    ['nothing known, Persian', 'fa', {}, '\u200fAnna Berg گرامی'],
    ['a woman, Persian', 'fa', { gender: 'female' }, '\u200fسرکار خانم Berg'],
    ['a doctor, Persian', 'fa', { gender: 'male', honorific: 'دکتر' }, '\u200fجناب آقای دکتر Berg'],
    ['nothing known, Arabic', 'ar', {}, '\u200fتحية طيبة إلى Anna Berg'],
    ['nothing known, Italian', 'it', {}, 'Gentile Anna Berg'],
    ['nothing known, Spanish', 'es', {}, 'A la atención de Anna Berg'],
    ['a language we do not speak', 'uk', { gender: 'female' }, 'Anna Berg'],
  ])('%s (%s)', (_, locale, given, expected) => {
    expect(salutation(locale, { ...anna, ...given })).toBe(expected);
  });

  it('never guesses from a first name', () => {
    for (const name of ['John Berg', 'Mary Berg', 'فاطمه برگ']) {
      expect(salutation('en', { ...anna, name })).toBe(`Dear ${name}`);
    }
  });
});
