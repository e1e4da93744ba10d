import t from 'tap';
import { CONFIG_LENGTH_MAX, readYaml } from '../../lib/config/yaml-source.ts';
import { problemsOf } from './load.ts';

t.test('an empty file, comments alone and an empty document are an empty configuration', async (t) => {
  for (const text of ['', '\n', '# nothing\n', '---\n', '{}', '\uFEFF# begins with a byte order mark\n']) {
    const yaml = readYaml(text);
    t.ok(yaml.ok && Object.keys(yaml.root).length === 0, JSON.stringify(text));
  }
});

t.test('a syntax error names line and column, and what was expected', async (t) => {
  const cases = [
    ['usrloc:\n  use_domain: [1\n', /^t\.yaml:\d: column \d+: a list in brackets is not closed, expected \]$/],
    ['usrloc: {use_domain: 1\n', /: a section in braces is not closed, expected }$/],
    ['usrloc:\n\tuse_domain: 1\n', /^t\.yaml:2: column 1: a tab indents this line, expected spaces$/],
    ['usrloc: a: b\n', /^t\.yaml:1: column 9: a section begins where a value stands, expected "key: value"/],
    ['usrloc:\n  use_domain: 1\n cseq_delay: 2\n', /^t\.yaml:3: column 1: this line is indented differently/],
    ['mi: 1\nusrloc\nsip: 1\n', /^t\.yaml:2: column 1: text without a colon, expected "key: value"/],
    ['mi: "x\n', /a quote is not closed$/],
    ['mi: @x\n', /^t\.yaml:1: column 5: a value cannot begin with this character/],
    ['mi: "\\q"\n', /an unknown escape/],
    ['mi: !foo x\n', /a tag \(!name\) that is not known here/],
    ['? [x]\n: 2\n', /expected a plain name before the colon/],
    ["mi: 'it's'\n", /^t\.yaml:1: column \d+: something too much, expected the end of the value before it/],
  ] as const;
  for (const [text, expected] of cases) t.match(problemsOf(text)[0], expected, JSON.stringify(text));
});

t.test('a key that stands twice in a section is an error, at its second place', async (t) => {
  t.strictSame(problemsOf('usrloc:\n  use_domain: 1\n  cseq_delay: 1\n  use_domain: 0\n'), [
    't.yaml:4: column 3: use_domain stands here a second time in its section',
  ]);
  t.strictSame(problemsOf('mi:\nmi:\n'), ['t.yaml:2: column 1: mi stands here a second time in its section']);
});

t.test('all syntax errors are said at once', async (t) => {
  t.equal(problemsOf('a: 1\na: 2\nb: 1\nb: 2\n').length, 2);
});

t.test('something other than sections is refused', async (t) => {
  const expected = 't.yaml:1: expected sections such as "usrloc:" with keys below them, found';
  t.strictSame(problemsOf('- udp:127.0.0.1\n'), [`${expected} a list`]);
  t.strictSame(problemsOf('udp:127.0.0.1\n'), [`${expected} plain text`]);
  t.strictSame(problemsOf('42'), [`${expected} plain text`]);
});

t.test('two documents in one file are refused', async (t) => {
  t.match(
    problemsOf('mi:\n---\nmi:\n')[0],
    /^t\.yaml:2: column \d: a second document begins here \(---\), expected one/,
  );
});

t.test('aliases that expand without end are refused', async (t) => {
  t.strictSame(problemsOf('mi: *nowhere\n'), [
    't.yaml:1: column 5: *nowhere stands for nothing, expected &nowhere on a value before it',
  ]);
  const layers = Array.from(
    { length: 9 },
    (_, at) => `a${at + 1}: &a${at + 1} [${Array(9).fill(`*a${at}`).join(',')}]\n`,
  );
  t.match(problemsOf(`a0: &a0 [x]\n${layers.join('')}`)[0], /^its aliases \(\*name\) stand for more than/);
});

t.test('a file far longer than a configuration is refused', async (t) => {
  t.strictSame(problemsOf('#'.repeat(CONFIG_LENGTH_MAX + 1)), ['longer than 1048576 characters: not a configuration']);
  t.strictSame(problemsOf('#'.repeat(CONFIG_LENGTH_MAX)), []);
});

t.test('the line of a key, of a list item, and of the nearest thing above what is not there', async (t) => {
  const yaml = readYaml('listen:\n  - a\n  - b\nusrloc:\n  # a comment\n  cseq_delay:\n    5\n');
  t.ok(yaml.ok);
  if (!yaml.ok) return;
  t.equal(yaml.locate(['listen']), 1);
  t.equal(yaml.locate(['listen', 1]), 3);
  t.equal(yaml.locate(['usrloc', 'cseq_delay']), 6);
  t.equal(yaml.locate(['usrloc', 'db_url']), 4);
  t.equal(yaml.locate(['listen', 7]), 1);
  t.equal(yaml.locate(['registrar', 'save']), undefined);
});
