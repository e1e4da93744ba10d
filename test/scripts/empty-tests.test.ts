import t from 'tap';
import ts from 'typescript';
import { findEmptyTests } from '../../scripts/dev/empty-tests.ts';

function messages(text: string): string[] {
  const source = ts.createSourceFile('x.test.ts', text, ts.ScriptTarget.Latest, true);
  return findEmptyTests(source).map(({ line, message }) => `${String(line)}: ${message}`);
}

const CANNOT_FAIL: readonly (readonly [why: string, text: string])[] = [
  ['has an empty body', `t.test('x', async () => {});`],
  ['only ends', `t.test('x', (t) => { t.end(); });`],
  ['only passes', `t.test('x', (t) => { t.pass('fine'); t.end(); });`],
  ['would only fail in a branch', `t.test('x', async (t) => { try { await f(); } catch { t.fail(); } });`],
  ['only plans', `t.test('x', (t) => { t.plan(0); });`],
  ['asserts on something else', `t.test('x', async (t) => { other.equal(1, 1); });`],
  ['calls a helper without t', `t.test('x', async (t) => { await check(1); t.comment('done'); });`],
  ['has options', `t.test('x', { skip: reason }, async (t) => { await f(); });`],
  ['is imported by name', `test('x', async (t) => { await f(); });`],
  ['is a function of the same file', `const body = async (t: Test) => { await f(); };\n\n t.test('x', body);`],
];
for (const [why, text] of CANNOT_FAIL) {
  t.test(`a test that ${why} is found`, (t) => {
    t.match(messages(text), [/^\d+: 'x' asserts nothing$/]);
    t.end();
  });
}

const CAN_FAIL: readonly (readonly [why: string, text: string])[] = [
  ['asserts', `t.test('x', (t) => { t.equal(1, 1); t.end(); });`],
  ['asserts in a callback', `t.test('x', (t) => { list.forEach((item) => t.ok(item)); t.end(); });`],
  ['has a test object of another name', `t.test('x', async (tt) => { tt.ok(1); });`],
  ['is imported by name', `test('x', async (t) => { await t.rejects(f()); });`],
  ['hands t to a helper', `t.test('x', async (t) => { await check(t, 1); });`],
  ['hands t to a helper among others', `t.test('x', async (t) => { await check({ t, a: 1 }); });`],
  ['is a function of the same file', `t.test('x', body);\nfunction body(t: Test) { t.ok(1); t.end(); }`],
  ['is a function from elsewhere', `t.test('x', imported);\nt.test('y', made(1));`],
  ['checks a property', `t.test('x', async () => { fc.assert(fc.property(fc.nat(), (n) => n >= 0)); });`],
  ['only has tests that assert', `t.test('x', async (t) => { t.test('y', async (t) => { t.ok(1); }); });`],
  ['is to be written', `t.test('x');`],
];
for (const [why, text] of CAN_FAIL) {
  t.test(`a test that ${why} is not found`, (t) => {
    t.same(messages(text), []);
    t.end();
  });
}

t.test('an empty test between others is found at its line', (t) => {
  const text = `t.test('group', async (t) => {
    t.test('asserts', async (t) => { t.ok(1); });
    t.test('does not', async (t) => { await f(); });
  });`;
  t.same(messages(text), [`3: 'does not' asserts nothing`]);
  t.end();
});

t.test('a file without tests is found', (t) => {
  t.same(messages(`import t from 'tap';\nt.ok(1);`), ['1: this file has no tests']);
  t.end();
});
