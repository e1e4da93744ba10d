import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, YAMLError, YAMLMap } from 'yaml';
import type { ConfigProblem } from './problem.ts';
import { yamlFault } from './yaml-fault.ts';

/** A configuration is a page or two; beyond this it is another file. */
export const CONFIG_LENGTH_MAX = 1 << 20;

export type KeyPath = readonly (string | number)[];

/** 1-based line on which the key or list item at `path` stands, or the nearest one above it; undefined when not even its section is there. */
export type LocateLine = (path: KeyPath) => number | undefined;

export type YamlSource =
  | { readonly ok: true; readonly root: Readonly<Record<string, unknown>>; readonly locate: LocateLine }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads YAML 1.2 into plain values, and remembers where they stood. An empty file is an empty configuration. */
export function readYaml(text: string): YamlSource {
  if (text.length > CONFIG_LENGTH_MAX) {
    return refuse([
      { key: '', line: undefined, message: `longer than ${CONFIG_LENGTH_MAX} characters: not a configuration` },
    ]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Only 'silent' would be less; it hides that there are two documents.
    logLevel: 'error',
    stringKeys: true,
    // Found below: the library's own check gives the place of a key without a value wrong.
    uniqueKeys: false,
  });
  const faults = [...document.errors, ...document.warnings].map((fault) => syntaxProblem(fault, lines));
  const problems = [...faults, ...duplicateKeys(document, lines), ...danglingAliases(document, lines)];
  if (problems.length > 0) return refuse(problems);
  return toValues(document, (path) => locate(document, lines, path));
}

function toValues(document: Document.Parsed, locateLine: LocateLine): YamlSource {
  let root: unknown;
  try {
    root = document.toJS();
  } catch {
    // The library throws when aliases expand beyond its limit, and for nothing else that could stand in a file.
    const message = 'its aliases (*name) stand for more than a configuration can hold, expected few or none';
    return refuse([{ key: '', line: undefined, message }]);
  }
  if (root === null || root === undefined) return { ok: true, root: {}, locate: locateLine };
  if (isSection(root)) return { ok: true, root, locate: locateLine };
  const found = Array.isArray(root) ? 'a list' : 'plain text';
  return refuse([
    { key: '', line: 1, message: `expected sections such as "usrloc:" with keys below them, found ${found}` },
  ]);
}

/** Whether a value of the file is a map with keys, as a section is. */
export function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(problems: readonly ConfigProblem[]): YamlSource {
  return { ok: false, problems };
}

function syntaxProblem(fault: YAMLError, lines: LineCounter): ConfigProblem {
  const { line, col } = lines.linePos(fault.pos[0]);
  return { key: '', line, message: `column ${col}: ${yamlFault(fault.code, fault.message)}` };
}

function duplicateKeys(document: Document.Parsed, lines: LineCounter): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  visit(document, {
    Map(_, map) {
      for (const { name, offset } of keysThatComeAgain(map)) {
        const { line, col } = lines.linePos(offset);
        problems.push({ key: '', line, message: `column ${col}: ${name} stands here a second time in its section` });
      }
    },
  });
  return problems;
}

function danglingAliases(document: Document.Parsed, lines: LineCounter): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return;
      const { line, col } = lines.linePos(offsetOf(alias) ?? 0);
      const message = `column ${col}: *${alias.source} stands for nothing, expected &${alias.source} on a value before it`;
      problems.push({ key: '', line, message });
    },
  });
  return problems;
}

function* keysThatComeAgain(map: YAMLMap): Iterable<{ readonly name: string; readonly offset: number }> {
  const seen = new Set<unknown>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) yield { name: String(key.value), offset: offsetOf(key) ?? 0 };
    seen.add(key.value);
  }
}

function locate(document: Document.Parsed, lines: LineCounter, path: KeyPath): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const step of path) {
    const child = childOf(node, step);
    if (child === undefined) break;
    offset = child.offset ?? offset;
    node = child.value;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

interface Child {
  readonly value: unknown;
  /** Where the key, or the list item, begins. */
  readonly offset: number | undefined;
}

function childOf(node: unknown, step: string | number): Child | undefined {
  if (isSeq(node) && typeof step === 'number') {
    const value = node.items[step];
    return value === undefined ? undefined : { value, offset: offsetOf(value) };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === step);
  return pair === undefined ? undefined : { value: pair.value, offset: offsetOf(pair.key) };
}

function offsetOf(node: unknown): number | undefined {
  const range: unknown = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  const start: unknown = Array.isArray(range) ? range[0] : undefined;
  return typeof start === 'number' ? start : undefined;
}
