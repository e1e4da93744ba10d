import t from 'tap';
import { durationText } from '../../lib/cli/duration-text.ts';
import { terminalText } from '../../lib/cli/terminal-text.ts';
import { TextTable } from '../../lib/cli/text-table.ts';
import { MemoryOutput } from '../support/memory-output.ts';

t.test('a duration shows its two largest units', (t) => {
  const texts = [0, 41.9, 60, 725, 3600, 90_061, 90_000].map(durationText);
  t.same(texts, ['0 s', '41 s', '1 min', '12 min 5 s', '1 h', '1 d 1 h', '1 d 1 h']);
  t.end();
});

t.test('what a phone sent cannot command the terminal', (t) => {
  t.equal(terminalText('\u001b[2J\u0007'), '\\x1b[2J\\x07');
  t.equal(terminalText('a\u009bb\u202ec\n'), 'a\\x9bb\\x202ec\\x0a');
  t.equal(terminalText('Müller 日本 😀'), 'Müller 日本 😀');
  t.end();
});

t.test('a table aligns its columns and ends no line with blanks', async (t) => {
  const out = new MemoryOutput();
  const table = new TextTable(out, ['A', 'LONG', 'C']);
  await table.row(['wider', 'x', '']);
  await table.row(['y', '\u001b', 'z']);
  await table.end('nothing');
  t.equal(out.text, 'A      LONG  C\nwider  x\ny      \\x1b  z\n');
});

t.test('a long table is written as it comes', async (t) => {
  const out = new MemoryOutput();
  const table = new TextTable(out, ['N']);
  for (let i = 0; i < 500; i++) await table.row([`row ${i}`]);
  t.match(out.text, /row 499\n$/, 'before its end');
  await table.end('nothing');
  t.equal(out.text.split('\n').length, 502);
});

t.test('a table without rows is a sentence', async (t) => {
  const out = new MemoryOutput();
  await new TextTable(out, ['N']).end('nothing there\n');
  t.equal(out.text, 'nothing there\n');
});
