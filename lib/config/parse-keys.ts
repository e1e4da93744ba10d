import * as z from 'zod';
import { configSchema } from './config-schema.ts';
import type { ConfigKeys } from './config-schema.ts';
import { nearest } from './nearest.ts';
import { containerOf, schemaAt, sectionNotes, valueNotesOf } from './notes.ts';
import { expectedMessage, expectedSecret, showValue } from './problem.ts';
import type { ConfigProblem } from './problem.ts';
import { isOwnSentence, listWords } from './values.ts';
import { isSection } from './yaml-source.ts';
import type { KeyPath, LocateLine } from './yaml-source.ts';

export interface ParsedKeys {
  /** All keys; those with a problem have their defaults. */
  readonly keys: ConfigKeys;
  readonly problems: readonly ConfigProblem[];
  /** Whether the file gives `section.key` (or `listen`), and gives it well. */
  readonly given: (key: string) => boolean;
  /** Whether a problem was found with `section.key` (or `listen`): a rule about it would only repeat that. */
  readonly broken: (key: string) => boolean;
}

type Values = Readonly<Record<string, unknown>>;

/** Checks every key by itself. What is wrong with one key hides nothing of the others. */
export function parseKeys(root: Values, locate: LocateLine): ParsedKeys {
  const raw = withoutEmptySections(root);
  const first = configSchema.safeParse(raw);
  if (first.success) return { keys: first.data, problems: [], given: (key) => has(raw, key), broken: () => false };
  const faults = first.error.issues.flatMap((issue) => faultsOf(issue, raw));
  const sound = withoutKeys(raw, faults);
  const broken = new Set(faults.map(({ path }) => path.slice(0, 2).join('.')));
  return {
    keys: configSchema.parse(sound),
    problems: faults.map(({ path, message }) => ({ key: dotted(path), line: locate(path), message })),
    given: (key) => has(sound, key),
    broken: (key) => broken.has(key) || broken.has(key.split('.')[0] ?? ''),
  };
}

/** A section whose keys are all commented out is there, but empty. */
function withoutEmptySections(root: Values): Values {
  return Object.fromEntries(Object.entries(root).filter(([name, value]) => value !== null || name === 'listen'));
}

function has(raw: Values, key: string): boolean {
  const [section = '', name] = key.split('.');
  const value = Object.hasOwn(raw, section) ? raw[section] : undefined;
  if (name === undefined) return value !== undefined;
  return isSection(value) && Object.hasOwn(value, name);
}

interface Fault {
  readonly path: KeyPath;
  readonly message: string;
}

function faultsOf(issue: z.core.$ZodIssue, raw: Values): readonly Fault[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(path, key) }));
  return [{ path, message: messageOf(issue, path, valueAt(raw, path)) }];
}

function messageOf(issue: z.core.$ZodIssue, path: KeyPath, value: unknown): string {
  if (isOwnSentence(issue)) return `${showValue(value)}: ${issue.message}`;
  const schema = schemaAt(configSchema, path);
  const notes = schema === undefined ? undefined : valueNotesOf(schema);
  if (notes === undefined) return expectedMessage('a section with keys below it', value);
  const refused = typeof value === 'string' ? own(notes.refused, value) : undefined;
  if (refused !== undefined) return `${showValue(value)} ${refused}`;
  if (notes.isSecret === true) return expectedSecret(notes.expected, value);
  const meant = typeof value === 'string' ? meantWord(value, notes.words ?? []) : undefined;
  const question = meant === undefined ? '' : `; did you mean ${meant}?`;
  return expectedMessage(notes.expected, value) + question;
}

/** The word that a value is a misspelling of, or the beginning of: `full-sharing` can only be `full-sharing-cluster`, with more behind it or not. */
function meantWord(value: string, words: readonly string[]): string | undefined {
  const longer = words.filter((word) => word.startsWith(`${value}-`));
  return nearest(value, words) ?? longer.find((word) => longer.every((other) => other.startsWith(word)));
}

function unknownKey(path: KeyPath, key: string): string {
  const schema = sectionAt(path);
  const refused = schema === undefined ? undefined : own(sectionNotes.get(schema)?.refusedKeys, key);
  if (refused !== undefined) return refused;
  const keys = schema === undefined ? [] : Object.keys(schema.shape);
  const home = SECTIONS.find((name) => name !== path[0] && Object.hasOwn(sectionAt([name])?.shape ?? {}, key));
  if (home !== undefined) return `unknown key here; it belongs into the section ${home}`;
  const meant = nearest(key, keys);
  if (meant !== undefined) return `unknown key; did you mean ${meant}?`;
  return `unknown key; expected ${listWords(keys, 'or')}`;
}

const SECTIONS = Object.keys(configSchema.shape);

function sectionAt(path: KeyPath): z.ZodObject | undefined {
  const schema = schemaAt(configSchema, path);
  const container = schema === undefined ? undefined : containerOf(schema);
  return container instanceof z.ZodObject ? container : undefined;
}

function own(sentences: Readonly<Record<string, string>> | undefined, word: string): string | undefined {
  return sentences !== undefined && Object.hasOwn(sentences, word) ? sentences[word] : undefined;
}

/** What stands at `path`; a single value that stands in for a list or a rule is taken for its parts too. */
function valueAt(raw: unknown, path: KeyPath): unknown {
  let value = raw;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)];
    else if (isSection(value)) value = Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

function withoutKeys(raw: Values, faults: readonly Fault[]): Values {
  const sound: Record<string, unknown> = { ...raw };
  for (const { path } of faults) {
    const [section = '', key] = path.map(String);
    const value = sound[section];
    if (key === undefined || !isSection(value)) delete sound[section];
    else sound[section] = Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  }
  return sound;
}

/** `policy.setbflag[1].flag` */
function dotted(path: KeyPath): string {
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');
}
