import * as z from 'zod';
import { valueNotes } from './notes.ts';

/** OpenSIPS writes booleans as 0 and 1; people write yes and true. */
export function yesNo() {
  const words = z.stringbool({ truthy: ['1', 'true', 'yes', 'on'], falsy: ['0', 'false', 'no', 'off'] });
  return z
    .union([z.boolean(), z.literal([0, 1]), words])
    .transform(Boolean)
    .register(valueNotes, { expected: '1 or 0 (also yes or no, true or false)', type: '0 or 1' });
}

export function wholeNumber(min: number, max: number, unit?: string) {
  const expected = `a whole number${unit === undefined ? '' : ` of ${unit}`} from ${min} to ${max}`;
  const notes = { expected, type: `${min} to ${max}` };
  return z
    .int()
    .min(min)
    .max(max)
    .register(valueNotes, unit === undefined ? notes : { ...notes, unit });
}

export function seconds(min: number, max: number) {
  return wholeNumber(min, max, 'seconds');
}

/** One of a few words. `refused` has a sentence for each word that OpenSIPS knows and this version does not. */
export function oneOf<const T extends readonly [string, ...string[]]>(
  words: T,
  refused: Readonly<Record<string, string>> = {},
) {
  return z.enum(words).register(valueNotes, { expected: listWords(words, 'or'), words, refused });
}

/** Text of printable ASCII: it goes into SIP messages or names, where line ends and other bytes would do harm. */
export function asciiText(lengthMax: number, what: string, pattern: RegExp = /^[\x20-\x7e]*$/) {
  return z
    .string()
    .max(lengthMax)
    .regex(pattern)
    .register(valueNotes, { expected: `${what}, at most ${lengthMax} characters` });
}

export type ParsedText<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** Text with a syntax of its own. A refusal's message is shown as it is, behind the text. */
export function parsedText<T>(parse: (text: string) => ParsedText<T>, expected: string) {
  return z
    .string()
    .transform((text, context) => {
      const parsed = parse(text);
      if (parsed.ok) return parsed.value;
      context.issues.push({ code: 'custom', message: parsed.message, input: text, params: OWN_SENTENCE });
      return z.NEVER;
    })
    .register(valueNotes, { expected });
}

/** Marks an issue whose message is a sentence of ours, in place of "expected …". */
const OWN_SENTENCE = { ownSentence: true };

export function isOwnSentence(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'custom' && issue.params === OWN_SENTENCE;
}

/** Branch flags are known by name, and stored separated by blanks. */
export const BRANCH_FLAG_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

export function pathText() {
  return z
    .string()
    .min(1)
    .refine((text) => !text.includes('\0') && !text.endsWith('/'))
    .register(valueNotes, { expected: 'the path of a file' });
}

/** A list that may be written as a single value when it has one item. */
export function oneOrMore<T extends z.ZodType>(item: T, countMax: number, what: string) {
  return z
    .preprocess(
      (value) => (typeof value === 'string' || typeof value === 'number' ? [value] : value),
      z.array(item).max(countMax),
    )
    .register(valueNotes, { expected: `${what}, at most ${countMax}` });
}

/** `a, b or c`. */
export function listWords(words: readonly string[], conjunction: 'and' | 'or'): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}
