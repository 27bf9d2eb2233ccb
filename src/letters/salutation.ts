/** What the data says about a person; every part but the name may be missing. Nothing is guessed from a first name. */
export interface Addressee {
  name: string;
  familyName: string | null;
  honorific: string | null;
  role: string | null;
  gender: string | null;
}

type Form = 'female' | 'male';
type Office = 'senator' | 'representative' | 'deputy';

interface Wording {
  /** Right for everybody. */
  neutral: (name: string) => string;
  /** With the family name; `doctor` where the data carries a doctor's or professor's title. */
  female?: (familyName: string, doctor: string) => string;
  male?: (familyName: string, doctor: string) => string;
  /** Where the language lets a doctor be addressed without saying woman or man. */
  doctor?: (familyName: string, doctor: string) => string;
  offices?: Partial<Record<Office, (familyName: string, form?: Form) => string | undefined>>;
}

/** Left-to-right names must not turn a right-to-left line around. */
const rightToLeft = (line: string) => `\u200f${line}`;
const byForm = (female: string, male: string) => (_: string, form?: Form) => form && { female, male }[form];

const wordings: Record<string, Wording> = {
  en: {
    neutral: (name) => `Dear ${name}`,
    female: (family) => `Dear Ms ${family}`,
    male: (family) => `Dear Mr ${family}`,
    doctor: (family, doctor) => `Dear ${doctor} ${family}`,
    offices: {
      senator: (family) => `Dear Senator ${family}`,
      representative: (family) => `Dear Representative ${family}`,
    },
  },
  fa: {
    neutral: (name) => rightToLeft(`${name} گرامی`),
    female: (family, doctor) => rightToLeft(`سرکار خانم ${doctor && 'دکتر '}${family}`),
    male: (family, doctor) => rightToLeft(`جناب آقای ${doctor && 'دکتر '}${family}`),
    doctor: (family) => rightToLeft(`دکتر ${family} گرامی`),
    offices: { senator: (family) => rightToLeft(`سناتور ${family} گرامی`) },
  },
  ar: {
    neutral: (name) => rightToLeft(`تحية طيبة إلى ${name}`),
    female: (family) => rightToLeft(`السيدة ${family} المحترمة`),
    male: (family) => rightToLeft(`السيد ${family} المحترم`),
  },
  fr: {
    neutral: () => 'Madame, Monsieur',
    female: () => 'Madame',
    male: () => 'Monsieur',
    offices: {
      senator: byForm('Madame la Sénatrice', 'Monsieur le Sénateur'),
      deputy: byForm('Madame la Députée', 'Monsieur le Député'),
    },
  },
  de: {
    neutral: (name) => `Guten Tag ${name}`,
    female: (family, doctor) => `Sehr geehrte Frau ${doctor && `${doctor}. `}${family}`,
    male: (family, doctor) => `Sehr geehrter Herr ${doctor && `${doctor}. `}${family}`,
  },
  es: {
    neutral: (name) => `A la atención de ${name}`,
    female: (family) => `Estimada señora ${family}`,
    male: (family) => `Estimado señor ${family}`,
  },
  it: {
    neutral: (name) => `Gentile ${name}`,
    female: (family) => `Gentile Signora ${family}`,
    male: (family) => `Gentile Signor ${family}`,
  },
};

const honorifics: [RegExp, { form?: Form; doctor?: string; office?: Office }][] = [
  [/^(ms|mrs|miss|frau|mme|madame|sra|señora|sig\.ra|signora|khanom|خانم|سرکار خانم|السيدة)\.?$/iu, { form: 'female' }],
  [/^(mr|herr|m|monsieur|sr|señor|sig|signor|آقا|آقای|جناب آقای|السيد)\.?$/iu, { form: 'male' }],
  [/^(dr|doctor|دکتر)\.?$/iu, { doctor: 'Dr' }],
  [/^(prof|professor)\.?( dr\.?)?$/iu, { doctor: 'Prof' }],
  [/^frau (dr|prof)\.?/iu, { form: 'female', doctor: 'Dr' }],
  [/^herr (dr|prof)\.?/iu, { form: 'male', doctor: 'Dr' }],
  [/^(sen|senator)\.?$/iu, { office: 'senator' }],
  [/^(rep|representative|congresswoman|congressman)\.?$/iu, { office: 'representative' }],
  // Styles that stand before a name on an envelope and not after "Dear".
  [/^(the )?(rt\.? |right )?hon(ou?rable)?\.?$/iu, {}],
];

const offices: [RegExp, Office][] = [
  [/^(u\.?s\.? )?(senator|senatorin|sénateur|sénatrice|senatore|senatrice|senador|senadora|سناتور)$/iu, 'senator'],
  [/^(u\.?s\.? )?representative$/iu, 'representative'],
  [/^(deputy|députée?|member of (the )?(parliament|national assembly)|mp)$/iu, 'deputy'],
];

/**
 * The first line of a letter without its comma. An honorific we do not know (Lord, Sir, a clan's title) and data that
 * contradicts itself both end at the neutral form: a plain greeting offends nobody, a wrong title does.
 */
export function salutation(locale: string, person: Addressee): string {
  const wording = wordings[locale.split('-')[0]!.toLowerCase()];
  if (!wording) return person.name;
  const neutral = wording.neutral(person.name);
  const family = person.familyName?.trim();
  const title = person.honorific?.trim();
  const known = title ? honorifics.find(([pattern]) => pattern.test(title))?.[1] : {};
  if (!family || !known) return neutral;
  const gender = formOf(person.gender);
  if (gender && known.form && gender !== known.form) return neutral;
  const form = gender ?? known.form;
  const office = known.office ?? offices.find(([pattern]) => pattern.test(person.role?.trim() ?? ''))?.[1];
  const byOffice = office && wording.offices?.[office]?.(family, form);
  if (byOffice) return byOffice;
  const doctor = known.doctor ?? '';
  if (doctor && wording.doctor && (!form || locale.startsWith('en'))) return wording.doctor(family, doctor);
  return (form && wording[form]?.(family, doctor)) ?? neutral;
}

function formOf(gender: string | null): Form | undefined {
  if (/^(f|female|woman)$/i.test(gender?.trim() ?? '')) return 'female';
  if (/^(m|male|man)$/i.test(gender?.trim() ?? '')) return 'male';
  return undefined;
}
