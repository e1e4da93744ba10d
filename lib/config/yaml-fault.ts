import type { ErrorCode } from 'yaml';

/** What an operator has to mend, for each kind of fault that the YAML reader finds; its own words are for programmers. */
const SENTENCES: Readonly<Partial<Record<ErrorCode, string>>> = {
  TAB_AS_INDENT: 'a tab indents this line, expected spaces',
  BAD_INDENT: 'this line is indented differently from the others of its section, expected the same number of spaces',
  BLOCK_AS_IMPLICIT_KEY:
    'a section begins where a value stands, expected "key: value" on one line or the keys of a section on lines of their own; a value with ": " in it needs quotes',
  MULTILINE_IMPLICIT_KEY: 'text without a colon, expected "key: value" or "section:"',
  MULTIPLE_DOCS: 'a second document begins here (---), expected one',
  MISSING_CHAR: 'a comma or a colon is missing here',
  BAD_SCALAR_START: 'a value cannot begin with this character, expected quotes around it',
  BAD_DQ_ESCAPE: 'an unknown escape (\\) in double quotes, expected single quotes, where \\ is a character like others',
  TAG_RESOLVE_FAILED: 'a tag (!name) that is not known here, expected a plain value or one in quotes',
  NON_STRING_KEY: 'expected a plain name before the colon',
  UNEXPECTED_TOKEN: 'something too much, expected the end of the value before it',
  MULTIPLE_ANCHORS: 'two anchors (&name) on one value, expected one at most',
};

/** Faults of one code that mean different things, told apart by how the reader's sentence begins. */
const BY_BEGINNING: readonly (readonly [beginning: RegExp, sentence: string])[] = [
  [/^Flow sequence/, 'a list in brackets is not closed, expected ]'],
  [/^Flow map/, 'a section in braces is not closed, expected }'],
  [/^Missing closing/, 'a quote is not closed'],
];

/** @param message the reader's own words */
export function yamlFault(code: ErrorCode, message: string): string {
  const special = BY_BEGINNING.find(([beginning]) => beginning.test(message));
  return special?.[1] ?? SENTENCES[code] ?? `not readable as YAML: ${message}`;
}
