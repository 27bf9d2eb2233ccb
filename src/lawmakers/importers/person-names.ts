import { type Notebook, type Place } from './import-record.js';
import { isSentinel, plainLine } from './plain-text.js';

/** Names as files write them. Nothing is recased or guessed: a name on a letter stands as its owner's parliament prints it. */

export interface ReadName {
  name: string;
  givenName: string | null;
  familyName: string | null;
  honorific: string | null;
}

const honorifics =
  /^(?:(?:the\s+)?(?:rt\.?\s+)?hon(?:ou?rable|\.)?|the\s+right\s+hon(?:ou?rable)?|dr|prof(?:essor)?|mr|mrs|ms|miss|mx|rev|sen(?:ator)?|rep(?:resentative)?|herr|frau|monsieur|madame|mme|دکتر|مهندس|آقای|خانم|جناب آقای|سرکار خانم|الدكتور|الدكتورة|السيد|السيدة)(?:\.\s*|\s+)(?=\S)/iu;
const suffixes = /^(?:jr|sr|ii|iii|iv|mp|mep|ms|msp|mla|td|ph\.?\s?d|md|m\.d|esq|qc|kc|obe|mbe|cbe)\.?$/i;
const vacant = /^(?:vacant|vacancy|seat vacant|vacant seat|vakant|siège vacant|خالی|شاغر)\b/i;

export interface NameParts {
  name?: unknown;
  givenName?: unknown;
  familyName?: unknown;
  honorific?: unknown;
}

/** Returns null, with a note, where there is nobody to write to. */
export function readName(parts: NameParts, place: Place, notebook: Notebook): ReadName | null {
  let givenName = plainLine(parts.givenName) || null;
  let familyName = plainLine(parts.familyName) || null;
  let honorific = plainLine(parts.honorific) || null;
  let name = plainLine(parts.name);
  if (isSentinel(name)) name = '';
  if (!name && (givenName || familyName)) {
    name = [givenName, familyName].filter(Boolean).join(' ');
    notebook.add(place, 'repaired', 'name-from-parts', name);
  }
  if (!name || vacant.test(name)) {
    notebook.add(place, 'rejected', name ? 'vacant-seat' : 'no-name', name);
    return null;
  }
  if (name.length > 200) {
    notebook.add(place, 'rejected', 'name-too-long', name);
    return null;
  }
  const sorted = splitSortName(name);
  if (sorted) {
    notebook.add(place, 'repaired', 'sort-name', name);
    familyName ??= sorted.familyName;
    name = sorted.name;
  }
  const [title, bare] = splitHonorific(name);
  if (title) {
    notebook.add(place, 'repaired', 'honorific-in-name', name);
    honorific ??= title;
    name = bare;
  }
  const capitals = capitalSurname(name);
  if (capitals) {
    notebook.add(place, 'noticed', 'surname-in-capitals', name);
    familyName ??= capitals;
    givenName ??= name.replace(capitals, '').replace(/\s+/g, ' ').trim() || null;
  }
  if (givenName) givenName = splitHonorific(givenName)[1];
  return { name, givenName, familyName, honorific };
}

/** "Berg, Dr. Anna" is a sort name; "Sanford D. Bishop, Jr." is not. */
function splitSortName(name: string): { name: string; familyName: string } | null {
  if (!/^[\p{L}\p{M}\s.,،'’\u200c-]+$/u.test(name)) return null;
  const parts = name.split(/\s*[,،]\s*/);
  if (parts.length < 2 || parts.length > 3 || !parts.every(Boolean)) return null;
  const [family, given, rest] = parts as [string, string, string?];
  if (suffixes.test(given) || (rest && !suffixes.test(rest))) return null;
  return { name: rest ? `${given} ${family}, ${rest}` : `${given} ${family}`, familyName: splitHonorific(family)[1] };
}

/** Takes honorifics off the front where a whole name remains: "Sen Nguyen" may well be a given name, "Sen. Kim Nguyen" is not. */
function splitHonorific(name: string): [honorific: string | null, bare: string] {
  let bare = name;
  for (let match = honorifics.exec(bare); match; match = honorifics.exec(bare)) bare = bare.slice(match[0].length);
  if (bare === name || (!/\s/.test(bare) && /\p{Script=Latin}/u.test(bare))) return [null, name];
  return [name.slice(0, name.length - bare.length).trim(), bare];
}

/** The run of words in capitals when the rest of the name is not: NÍ MHURCHÚ in "Cynthia NÍ MHURCHÚ". */
function capitalSurname(name: string): string | null {
  const run = /(?:^|\s)((?:[\p{Lu}\p{M}'’-]{2,}(?:\s+|$))+)/u.exec(name)?.[1]?.trim();
  if (!run || run === name || suffixes.test(run) || run.replace(/[^\p{Lu}]/gu, '').length < 3) return null;
  return /\p{Ll}/u.test(name.replace(run, '')) ? run : null;
}

/**
 * One person under any spelling: marks off (cedilla and comma-below agree), Arabic and Persian letter forms joined, case,
 * punctuation and the order of words ignored. Used with area and chamber, never alone.
 */
export function nameKey(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[\p{M}\u0640\u200b-\u200f]/gu, '')
    .replace(/[يى]/g, 'ی')
    .replace(/ك/g, 'ک')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .split(' ')
    .sort()
    .join(' ');
}
