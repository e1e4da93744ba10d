/**
 * Classes of octets in RFC 3261 §25.1, as bits of one table: a scan asks one load and one AND per octet, and no input
 * can make it take another way than forward.
 */
export const TOKEN = 1;
/** alphanum and mark: what a URI may write plainly or escaped, with the same meaning. */
export const UNRESERVED = 2;
/** Of the user part of a URI. */
export const USER = 4;
/** Of a host name or IPv4 address; the underscore is no host name's, but Windows networks use it. */
export const HOST = 8;
/** Of a URI parameter's name or value; `=` and `,` are not by the grammar, but push tokens have them. */
export const PARAM = 16;
export const DIGIT = 32;
export const UPPER = 64;
/** Controls, space and `"<>`: nowhere in a URI. The octets above 127 are not here: raw UTF-8 is common, and harmless. */
export const NEVER_IN_URI = 128;
/** Of an unquoted value of a header parameter: all but what may not be in a URI, semicolon and comma. */
export const VALUE = 256;
/** What stands for itself in a quoted string: all but controls, quote and backslash. */
const QUOTED = 512;

export const CR = 13;
export const LF = 10;
const TAB = 9;
export const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;
const DELETE = 127;

const CLASSES = buildClasses();

function buildClasses(): Uint16Array {
  const classes = new Uint16Array(256).fill(VALUE | QUOTED);
  const mark = (octets: string, bits: number): void => {
    for (const octet of octets) classes[octet.charCodeAt(0)] = (classes[octet.charCodeAt(0)] ?? 0) | bits;
  };
  const digits = '0123456789';
  const lower = 'abcdefghijklmnopqrstuvwxyz';
  const upper = lower.toUpperCase();
  mark(digits + lower + upper, TOKEN | UNRESERVED | USER | HOST | PARAM);
  mark(digits, DIGIT);
  mark(upper, UPPER);
  mark("-.!%*_+`'~", TOKEN);
  mark("-_.!~*'()", UNRESERVED | USER | PARAM);
  mark('&=+$,;?/', USER);
  mark('-._', HOST);
  mark('[]/:&+$=,', PARAM);
  for (const octet of ';,') classes[octet.charCodeAt(0)] = (classes[octet.charCodeAt(0)] ?? 0) & ~VALUE;
  classes[BACKSLASH] = VALUE;
  classes[QUOTE] = NEVER_IN_URI;
  for (const octet of ' <>') classes[octet.charCodeAt(0)] = NEVER_IN_URI | QUOTED;
  for (let control = 0; control < SPACE; control++) classes[control] = NEVER_IN_URI;
  classes[TAB] = NEVER_IN_URI | QUOTED;
  classes[DELETE] = NEVER_IN_URI;
  return classes;
}

/** The classes of an octet; text is a byte string, so the mask changes nothing. */
export function classOf(octet: number): number {
  return CLASSES[octet & 0xff] ?? 0;
}

/**
 * The octet at `at`, -1 behind the end. `charCodeAt` beyond the end is right too, but V8 compiles a function that once
 * did that to a call for each octet, five times slower: one short message would slow down all that follow.
 */
export function octetAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : -1;
}

export function isBlank(octet: number): boolean {
  return octet === SPACE || octet === TAB;
}

/** Whether all of `text` are octets of the classes `bits`; false for ''. */
export function isAll(text: string, bits: number): boolean {
  for (let at = 0; at < text.length; at++) if ((classOf(text.charCodeAt(at)) & bits) === 0) return false;
  return text.length > 0;
}

/** Index of the first octet from `at` on that is of none of the classes, at most `end`. */
export function endOfRun(text: string, at: number, end: number, classes: number): number {
  while (at < end && (classOf(text.charCodeAt(at)) & classes) !== 0) at++;
  return at;
}

/** Index of the first octet from `at` on that is no blank, at most `end`. */
export function skipBlanks(text: string, at: number, end: number): number {
  while (at < end && isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** `end` without the blanks before it, at least `start`. */
export function trimmedEnd(text: string, start: number, end: number): number {
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return end;
}

/** Whether `text` from `start` to `end` is `lowerCase` but for the case of letters. */
export function isSameName(text: string, start: number, end: number, lowerCase: string): boolean {
  if (end - start !== lowerCase.length) return false;
  for (let at = 0; at < lowerCase.length; at++) {
    if (toLower(text.charCodeAt(start + at)) !== lowerCase.charCodeAt(at)) return false;
  }
  return true;
}

/** ASCII only: the octets above 127 have no case here. */
export function toLower(octet: number): number {
  return octet >= 65 && octet <= 90 ? octet | 32 : octet;
}

/**
 * `text` in ASCII lower case; the string itself when it is so already. (String's own method would turn the octets
 * above 127, which are parts of UTF-8 sequences, into others.)
 */
export function lowerCase(text: string): string {
  let from = 0;
  let lower = '';
  for (let at = 0; at < text.length; at++) {
    const octet = text.charCodeAt(at);
    if ((classOf(octet) & UPPER) === 0) continue;
    lower += text.substring(from, at) + String.fromCharCode(octet | 32);
    from = at + 1;
  }
  return from === 0 ? text : lower + text.substring(from);
}

/** 0..15, or -1 for what is no hex digit. */
export function hexValue(octet: number): number {
  if (octet >= 48 && octet <= 57) return octet - 48;
  const letter = octet | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/**
 * The number that the digits from `start` to `end` write, at most `max`; -1 for no digits, other octets, or more than
 * `max`. Leading zeros count for nothing.
 */
export function parseDigits(text: string, start: number, end: number, max: number): number {
  if (start >= end) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > max) return -1;
  }
  return value;
}

/**
 * The index behind the quoted string that opens at `at`, -1 when it does not close before `end` or has a control
 * octet that no backslash escapes; line ends cannot be escaped.
 */
export function endOfQuoted(text: string, at: number, end: number): number {
  at = endOfRun(text, at + 1, end, QUOTED);
  while (at < end) {
    if (text.charCodeAt(at) === QUOTE) return at + 1;
    if (text.charCodeAt(at) !== BACKSLASH || isLineEnd(octetAt(text, at + 1))) return -1;
    at = endOfRun(text, at + 2, end, QUOTED);
  }
  return -1;
}

export function isLineEnd(octet: number): boolean {
  return octet === CR || octet === LF;
}
