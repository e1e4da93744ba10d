import { Parser, type Result } from 'tap-parser';

/** What came of one named test, a `t.test('name', …)` that has no named tests inside. */
export interface TestOutcome {
  readonly file: string;
  /** The names from the outermost test to this one; the file itself where something failed outside all tests. */
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped, or one entry for each assertion that failed. */
  readonly details: readonly string[];
}

export interface FileOutcome {
  readonly file: string;
  readonly durationMs: number | undefined;
  readonly tests: readonly TestOutcome[];
}

interface Node {
  readonly names: readonly string[];
  readonly children: Node[];
  /** Assertions of its own, without the test points that close its children. */
  readonly asserts: Result[];
  result: Result | undefined;
}

/**
 * Reads tap's output and tells, file by file, what came of each named test. tap itself counts assertions, which says
 * little: a loop of a thousand checks would outnumber everything else.
 */
export function readTestResults(onFile: (file: FileOutcome) => void): Parser {
  const parser = new Parser();
  collect(parser, [], (node) => {
    const file = node.names.join();
    onFile({ file, durationMs: node.result?.time ?? undefined, tests: outcomes(file, node) });
  });
  return parser;
}

/** Gathers what a parser hears. A child is closed when its own test point has come, which stands after all it holds. */
function collect(parser: Parser, names: readonly string[], onClosedChild?: (child: Node) => void): Node {
  const node: Node = { names, children: [], asserts: [], result: undefined };
  parser.on('child', (child: Parser) => {
    node.children.push(collect(child, [...names, child.name]));
  });
  parser.on('assert', (assert: Result) => {
    const closed = assert.closingTestPoint ? node.children.at(-1) : undefined;
    if (closed === undefined) {
      node.asserts.push(assert);
    } else {
      closed.result = assert;
      onClosedChild?.(closed);
    }
  });
  return node;
}

function outcomes(file: string, root: Node): TestOutcome[] {
  const tests = testsBelow(file, root);
  const failedAsWhole = root.result?.ok === false && !tests.some((test) => test.outcome === 'failed');
  const empty = tests.length === 0 && root.asserts.length === 0;
  if (failedAsWhole || empty) {
    const reason = failedAsWhole ? describe(root.result) : 'has no tests';
    tests.push({ file, name: file, outcome: 'failed', details: [reason] });
  } else if (tests.length === 0) {
    tests.push({ file, name: file, outcome: 'passed', details: [] });
  }
  return tests;
}

function testsBelow(file: string, node: Node): TestOutcome[] {
  const name = node.names.slice(1).join(' > ');
  const tests = node.children.flatMap((child) => testsBelow(file, child));
  const isFile = node.names.length === 1;

  // A test that was skipped from outside has no body in tap's output, only this line, with its reason. A test that says
  // t.skip('reason') inside has the reason as the line's name.
  const notRun = node.asserts.filter((assert) => isNotRun(assert));
  const skippedTests = notRun
    .filter((assert) => isFile || node.children.length > 0 || typeof directive(assert) === 'string')
    .map((assert): TestOutcome => {
      const below = isFile ? assert.name : `${name} > ${assert.name}`;
      return { file, name: below, outcome: 'skipped', details: [reasonOf(assert)] };
    });
  const failures = node.asserts.filter((assert) => !assert.ok && !isNotRun(assert));
  const nothingFailedBelow = !tests.some((test) => test.outcome === 'failed');

  if (failures.length > 0) {
    tests.push({ file, name: isFile ? file : name, outcome: 'failed', details: failures.map(describe) });
  } else if (!isFile && node.result?.ok === false && nothingFailedBelow) {
    tests.push({ file, name, outcome: 'failed', details: [describe(node.result)] });
  } else if (!isFile && node.children.length === 0) {
    const ran = notRun.length === 0 || notRun.length < node.asserts.length;
    if (ran) return [{ file, name, outcome: 'passed', details: [] }];
    if (skippedTests.length === 0) return [{ file, name, outcome: 'skipped', details: notRun.map((a) => a.name) }];
  }
  return [...tests, ...skippedTests];
}

function directive(assert: Result): string | boolean {
  return assert.skip !== false ? assert.skip : assert.todo;
}

function isNotRun(assert: Result): boolean {
  return directive(assert) !== false;
}

function reasonOf(assert: Result): string {
  const given = directive(assert);
  const reason = typeof given === 'string' ? given : 'no reason given';
  return assert.skip !== false ? reason : `to do: ${reason}`;
}

/** What the place says already, and how tap started the file. */
const NOT_SHOWN = new Set(['at', 'source', 'stdio', 'cwd', 'externalID', 'command', 'args', 'jobId']);

function describe(assert: Result | undefined): string {
  if (assert === undefined) return 'did not end';
  const diag: Record<string, unknown> = { ...(assert.diag as Record<string, unknown> | null) };
  const at = diag['at'] as { fileName?: string; lineNumber?: number; columnNumber?: number } | undefined;
  const place =
    at?.fileName === undefined ? '' : ` (${at.fileName}:${String(at.lineNumber)}:${String(at.columnNumber)})`;
  const lines = [`${assert.name}${place}`];
  for (const [key, value] of Object.entries(diag)) {
    if (NOT_SHOWN.has(key)) continue;
    const text = typeof value === 'string' ? value.trimEnd() : JSON.stringify(value);
    lines.push(text.includes('\n') ? `${key}:\n${indent(text)}` : `${key}: ${text}`);
  }
  return lines.join('\n');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
