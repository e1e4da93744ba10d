import t from 'tap';
import { readTestResults, type FileOutcome } from '../../scripts/dev/test-results.ts';

/** One line for each test: outcome, name, and the first line of each detail. */
function read(tap: string): string[] {
  const files: FileOutcome[] = [];
  const parser = readTestResults((file) => files.push(file));
  parser.end(`TAP version 14\n${tap}\n`);
  return files
    .flatMap((file) => file.tests)
    .map(({ outcome, name, details }) =>
      [`${outcome} ${name}`, ...details.map((text) => text.split('\n')[0])].join(': '),
    );
}

t.test('the named tests that hold no others are counted, however much each asserts', (t) => {
  const tap = `# Subtest: a.test.ts
    # Subtest: group
        # Subtest: one
            ok 1 - should be equal
            ok 2 - should be equal
            1..2
        ok 1 - one
        # Subtest: two
            ok 1 - should be equal
            1..1
        ok 2 - two
        1..2
    ok 1 - group
    # Subtest: three
        ok 1 - should be equal
        1..1
    ok 2 - three
    1..2
ok 1 - a.test.ts # time=12.5ms
1..1`;
  t.same(read(tap), ['passed group > one', 'passed group > two', 'passed three']);
  t.end();
});

t.test('a failed test is told with each of its failures, and its groups are not counted again', (t) => {
  const tap = `# Subtest: a.test.ts
    # Subtest: group
        # Subtest: one
            not ok 1 - first
              ---
              at:
                fileName: a.test.ts
                lineNumber: 3
                columnNumber: 5
              ...
            not ok 2 - second
            1..2
        not ok 1 - one
        1..1
    not ok 1 - group
    1..1
not ok 1 - a.test.ts
1..1`;
  t.same(read(tap), ['failed group > one: first (a.test.ts:3:5): second']);
  t.end();
});

t.test('a test skipped from outside has a reason, and so has one that skips itself', (t) => {
  const tap = `# Subtest: a.test.ts
    ok 1 - alone # SKIP needs sipp
    # Subtest: only skipped ones
        ok 1 - one # SKIP needs sipsak
        ok 2 - two # SKIP needs sipsak
        1..2
    ok 2 - only skipped ones
    # Subtest: skips itself
        ok 1 - no network here # SKIP
        1..1
    ok 3 - skips itself
    ok 4 - later # TODO not yet
    # Subtest: skips one assertion
        ok 1 - is skipped # SKIP on this system
        ok 2 - is not
        1..2
    ok 5 - skips one assertion
    1..5
ok 1 - a.test.ts
1..1`;
  t.same(read(tap).sort(), [
    'passed skips one assertion',
    'skipped alone: needs sipp',
    'skipped later: to do: not yet',
    'skipped only skipped ones > one: needs sipsak',
    'skipped only skipped ones > two: needs sipsak',
    'skipped skips itself: no network here',
  ]);
  t.end();
});

t.test('a file that fails outside of its tests counts as one failure', (t) => {
  const died = `# Subtest: a.test.ts
    # Subtest: one
        ok 1 - should be equal
        1..1
    ok 1 - one
    1..1
not ok 1 - a.test.ts
  ---
  exitCode: 7
  ...
1..1`;
  t.same(read(died), ['passed one', 'failed a.test.ts: a.test.ts']);
  const outside = `# Subtest: a.test.ts
    not ok 1 - should be equal
    1..1
not ok 1 - a.test.ts
1..1`;
  t.same(read(outside), ['failed a.test.ts: should be equal']);
  t.end();
});

t.test('a group that fails beside its tests counts as one failure', (t) => {
  const tap = `# Subtest: a.test.ts
    # Subtest: group
        # Subtest: one
            ok 1 - should be equal
            1..1
        ok 1 - one
        not ok 2 - timeout!
        1..2
    not ok 1 - group
    1..1
not ok 1 - a.test.ts
1..1`;
  t.same(read(tap), ['passed group > one', 'failed group: timeout!']);
  t.end();
});

t.test('a file without tests counts as a failure', (t) => {
  const tap = `# Subtest: a.test.ts
    1..0 # no tests found
ok 1 - a.test.ts # SKIP no tests found
1..1`;
  t.same(read(tap), ['failed a.test.ts: has no tests']);
  t.end();
});
