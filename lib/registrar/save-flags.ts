import type { PathMode } from './path-policy.ts';
import { SAVE_FLAG_LIST, usableSaveFlags } from './save-flag-list.ts';
import type { SaveFlagEntry } from './save-flag-list.ts';

/** The flags of OpenSIPS's `save()`. `undefined` leaves the module parameter of the same meaning in force. */
export interface SaveFlags {
  /** `m`: the binding is held in memory and on the twin, not on disk. */
  readonly memoryOnly: boolean;
  /** `cN`: overrides `max_contacts`. */
  readonly maxContacts: number | undefined;
  /** `eN`, seconds: overrides `min_expires`. */
  readonly minExpiresS: number | undefined;
  /** `EN`, seconds: overrides `max_expires`. */
  readonly maxExpiresS: number | undefined;
  /** `f`: over `max_contacts` the least recently refreshed binding goes, instead of a 503. */
  readonly forceRegistration: boolean;
  /** `MN`: overrides `matching_mode`. */
  readonly matchingMode: 0 | 1 | undefined;
  /** `p0`, `p1`, `p2`; `ignored` without any of them. */
  readonly pathMode: PathMode;
  /** `v`: `received` comes from the Path. */
  readonly pathReceived: boolean;
  /** `o`: the reply lists the contacts of the request only. */
  readonly onlyRequestContacts: boolean;
}

/** A flag that cannot be used, and why; for the error of the configuration key. */
export interface BadSaveFlag {
  /** The flag as it was written. */
  readonly badFlag: string;
  /** What is wrong with it, a sentence without its subject: "is not a flag of save()". */
  readonly problem: string;
}

export const NO_SAVE_FLAGS: SaveFlags = {
  memoryOnly: false,
  maxContacts: undefined,
  minExpiresS: undefined,
  maxExpiresS: undefined,
  forceRegistration: false,
  matchingMode: undefined,
  pathMode: 'ignored',
  pathReceived: false,
  onlyRequestContacts: false,
};

/** Flags that take a number, in both spellings. */
const NUMBER_MAX = 0xffffffff;

/** Behind the flag as it was written, which is no flag at all. */
const NO_AOR =
  'is an address-of-record: this parameter of save() is not supported, the address-of-record is always that of the To header';

const ENTRY_OF_NAME: ReadonlyMap<string, SaveFlagEntry> = new Map(SAVE_FLAG_LIST.map((entry) => [entry.name, entry]));
const REFUSED_LETTERS: ReadonlyMap<string, string> = new Map(
  SAVE_FLAG_LIST.flatMap(({ letter, refused }) => (refused === undefined ? [] : [[letter, refused] as const])),
);
const TAKES_NUMBER = SAVE_FLAG_LIST.flatMap(({ letter, takesNumber }) => (takesNumber ? [letter] : [])).join('');

/**
 * Reads the flags of `save()` in either form: letters (`p1v`, `c5f`) or names separated by commas
 * (`path-lazy,max-contacts=5`). A flag that is given twice counts as written last.
 */
export function parseSaveFlags(text: string): SaveFlags | BadSaveFlag {
  let flags: SaveFlags = NO_SAVE_FLAGS;
  for (const part of text.split(',')) {
    const item = part.trim();
    if (isAddress(item)) return { badFlag: item, problem: NO_AOR };
    const next = item.includes('-') ? withNamedFlag(flags, item) : withLetters(flags, item);
    if ('badFlag' in next) return next;
    flags = next;
  }
  return flags;
}

/** The third argument of `save()`, a URI or the script variable that holds one, where flags are expected. */
function isAddress(item: string): boolean {
  return item.includes(':') || item.includes('@') || item.includes('$');
}

function withNamedFlag(flags: SaveFlags, item: string): SaveFlags | BadSaveFlag {
  const equals = item.indexOf('=');
  const name = (equals < 0 ? item : item.slice(0, equals)).trim();
  const value = equals < 0 ? '' : item.slice(equals + 1).trim();
  const entry = ENTRY_OF_NAME.get(name);
  if (entry === undefined) return unknownFlag(item);
  if (!entry.takesNumber && equals >= 0) return { badFlag: item, problem: 'takes no value' };
  return withFlag(flags, entry.letter + value, item);
}

function withLetters(flags: SaveFlags, letters: string): SaveFlags | BadSaveFlag {
  let result = flags;
  let at = 0;
  while (at < letters.length) {
    let end = at + 1;
    while (end < letters.length && isDigit(letters.charCodeAt(end))) end++;
    const flag = letters.slice(at, end);
    const next = withFlag(result, flag, flag);
    if ('badFlag' in next) return next;
    result = next;
    at = end;
  }
  return result;
}

/** @param flag the letter form, e.g. `c5`; @param written what the error shows. */
function withFlag(flags: SaveFlags, flag: string, written: string): SaveFlags | BadSaveFlag {
  const letter = flag.charAt(0);
  const number = flag.slice(1);
  if (letter === 'p') return withPathMode(flags, number, written);
  if (TAKES_NUMBER.includes(letter)) return withNumber(flags, letter, number, written);
  if (number !== '') return unknownFlag(written);
  switch (letter) {
    case 'm':
      return { ...flags, memoryOnly: true };
    case 'f':
      return { ...flags, forceRegistration: true };
    case 'v':
      return { ...flags, pathReceived: true };
    case 'o':
      return { ...flags, onlyRequestContacts: true };
    default:
      return refusedFlag(letter, written);
  }
}

function refusedFlag(letter: string, written: string): BadSaveFlag {
  const reason = REFUSED_LETTERS.get(letter);
  return reason === undefined ? unknownFlag(written) : { badFlag: written, problem: `cannot be used: ${reason}` };
}

function unknownFlag(written: string): BadSaveFlag {
  return { badFlag: written, problem: `is not a flag of save(); expected ${usableSaveFlags()}` };
}

function withPathMode(flags: SaveFlags, mode: string, written: string): SaveFlags | BadSaveFlag {
  switch (mode) {
    case '0':
      return { ...flags, pathMode: 'off' };
    case '1':
      return { ...flags, pathMode: 'lazy' };
    case '2':
      return { ...flags, pathMode: 'strict' };
    default:
      return { badFlag: written, problem: 'is not a Path mode: p0, p1 or p2 expected' };
  }
}

function withNumber(flags: SaveFlags, letter: string, digits: string, written: string): SaveFlags | BadSaveFlag {
  const value = parseNumber(digits);
  if (letter === 'M') return withMatchingMode(flags, value, written);
  if (value === undefined) return { badFlag: written, problem: 'needs a whole number' };
  if (letter === 'c') return { ...flags, maxContacts: value };
  if (letter === 'e') return { ...flags, minExpiresS: value };
  return { ...flags, maxExpiresS: value };
}

function withMatchingMode(flags: SaveFlags, value: number | undefined, written: string): SaveFlags | BadSaveFlag {
  if (value === 0 || value === 1) return { ...flags, matchingMode: value };
  return { badFlag: written, problem: 'is not a matching mode that is supported: 0 or 1 expected' };
}

function parseNumber(digits: string): number | undefined {
  if (digits === '' || digits.length > 10) return undefined;
  for (let i = 0; i < digits.length; i++) if (!isDigit(digits.charCodeAt(i))) return undefined;
  const value = Number(digits);
  return value <= NUMBER_MAX ? value : undefined;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
