import { nameKey } from './person-names.js';

/** Which column of a CSV file means what. Several columns may feed `email`, `form`, `phone` and `post`. */

export const mapFields = [
  'name',
  'given_name',
  'family_name',
  'honorific',
  'gender',
  'role',
  'chamber',
  'party',
  'area',
  'region',
  'locale',
  'email',
  'form',
  'phone',
  'post',
  'website',
  'identifier',
  'status',
  'end_date',
] as const;
export type MapField = (typeof mapFields)[number];
export type ColumnMap = Partial<Record<MapField, string>>;

const known: Record<MapField, string[]> = {
  name: [
    'name',
    'full name',
    'display name',
    'member',
    'member name',
    'politician',
    'mp name',
    'نام و نام خانوادگی',
    'نام',
    'nom complet',
    'vollständiger name',
    'الاسم',
  ],
  given_name: ['given name', 'first name', 'forename', 'prénom', 'vorname', 'نام کوچک'],
  family_name: ['family name', 'last name', 'surname', 'nachname', 'nom de famille', 'نام خانوادگی'],
  honorific: [
    'honorific',
    'honorific prefix',
    'honorific title',
    'title',
    'prefix',
    'salutation',
    'anrede',
    'civilité',
    'عنوان',
  ],
  gender: ['gender', 'sex', 'geschlecht', 'sexe', 'genre', 'جنسیت'],
  role: ['role', 'position', 'function', 'office', 'funktion', 'fonction', 'سمت'],
  chamber: ['chamber', 'house', 'body', 'kammer', 'chambre', 'مجلس'],
  party: [
    'party',
    'political party',
    'group',
    'political group',
    'parliamentary group',
    'party name',
    'partei',
    'fraktion',
    'parti',
    'groupe',
    'حزب',
  ],
  area: [
    'area',
    'constituency',
    'district',
    'electoral district',
    'riding',
    'seat',
    'wahlkreis',
    'circonscription',
    'حوزه انتخابیه',
    'حوزه',
  ],
  region: ['region', 'state', 'province', 'country', 'canton', 'bundesland', 'province territory', 'استان'],
  locale: ['locale', 'language', 'preferred language', 'sprache', 'langue', 'زبان'],
  email: [
    'email',
    'e mail',
    'mail',
    'email address',
    'e mail address',
    'emails',
    'courriel',
    'ایمیل',
    'رایانامه',
    'البريد الإلكتروني',
  ],
  form: ['form', 'web form', 'contact form', 'contact url', 'kontaktformular', 'formulaire'],
  phone: ['phone', 'telephone', 'tel', 'phone number', 'telefon', 'téléphone', 'تلفن'],
  post: [
    'post',
    'address',
    'postal address',
    'office address',
    'mailing address',
    'anschrift',
    'adresse',
    'نشانی',
    'آدرس',
  ],
  website: ['website', 'url', 'homepage', 'web', 'site web', 'وبسایت'],
  identifier: ['identifier', 'id', 'member id', 'mep id', 'mnis id', 'person id', 'شناسه'],
  status: ['status', 'sits', 'state of seat', 'وضعیت'],
  end_date: ['end date', 'end', 'left on', 'until', 'date left', 'bis', 'jusqu au'],
};

/** The best guess for a header line: a proposal for a person, and what is used where nobody is asked. */
export function guessColumns(headers: string[]): ColumnMap {
  const keys = new Map(headers.map((header) => [headerKey(header), header]));
  const map: ColumnMap = {};
  const taken = new Set<string>();
  for (const field of mapFields) {
    const header = known[field].map((word) => keys.get(headerKey(word))).find((found) => found && !taken.has(found));
    if (!header) continue;
    map[field] = header;
    taken.add(header);
  }
  return map;
}

/** What stops a map from being used: fields nobody knows, columns the file lacks, no column for the name. */
export function mapProblems(map: Record<string, string>, headers: string[]): { code: string; detail: string }[] {
  const problems: { code: string; detail: string }[] = [];
  for (const [field, header] of Object.entries(map)) {
    if (!(mapFields as readonly string[]).includes(field)) problems.push({ code: 'map-field-unknown', detail: field });
    else if (!headers.includes(header)) problems.push({ code: 'map-column-missing', detail: header });
  }
  if (!map['name'] && !map['family_name']) problems.push({ code: 'map-needs-name', detail: headers.join(', ') });
  return problems;
}

/** `name=Full name,email=E-mail`, as on the command line; a header may itself contain commas. */
export function parseColumnMap(text: string): Record<string, string> {
  const pairs = text.split(/,(?=[a-z_]+=)/).filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair.trim(), ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}

function headerKey(header: string): string {
  return nameKey(header.replace(/([a-z])([A-Z])/g, '$1 $2'));
}
