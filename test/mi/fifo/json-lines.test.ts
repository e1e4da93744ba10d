import t from 'tap';
import { JsonLines } from '../../../lib/mi/fifo/json-lines.ts';

function linesOf(pieces: Iterable<string>): string {
  const form = new JsonLines();
  let lines = '';
  for (const piece of pieces) lines += form.push(piece);
  return lines + form.end();
}

const SHOWN: readonly (readonly [unknown, string])[] = [
  [{ Status: 1 }, 'Status:: 1\n'],
  [['which', 'ps'], ':: which\n:: ps\n'],
  [{ a: { b: 1, c: { d: null } }, e: true }, 'a::\n\tb:: 1\n\tc::\n\t\td::\ne:: true\n'],
  [{ text: 'a "quoted"\nline\\', ü: 'é' }, 'text:: a "quoted" line\\\nü:: é\n'],
  [7, ':: 7\n'],
  [{ list: [] }, ''],
  [
    {
      Domains: [
        {
          name: 'location',
          AORs: [{ AOR: 'alice', Contacts: [{ Contact: 'sip:a@b', Q: '' }, { Contact: 'sip:c@d' }] }, { AOR: 'bob' }],
        },
      ],
    },
    'name:: location\n\tAOR:: alice\n\t\tContact:: sip:a@b\n\t\t\tQ::\n\t\tContact:: sip:c@d\n\tAOR:: bob\n',
  ],
];

t.test('JSON becomes the lines of 2.4, wherever it is cut', (t) => {
  for (const [value, expected] of SHOWN) {
    const text = JSON.stringify(value);
    t.equal(linesOf([text]), expected, text);
    t.equal(linesOf(text), expected, 'one character at a time');
  }
  t.end();
});
