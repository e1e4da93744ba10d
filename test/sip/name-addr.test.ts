import t from 'tap';
import { headerParam } from '../../lib/sip/header-param.ts';
import { parseNameAddr } from '../../lib/sip/name-addr.ts';

const VALUES: readonly (readonly [value: string, displayName: string, uriText: string, params: string])[] = [
  ['<sip:a@b>', '', 'sip:a@b', ''],
  ['<sip:a@b;lr>;tag=1', '', 'sip:a@b;lr', ';tag=1'],
  ['sip:a@b;tag=1', '', 'sip:a@b', ';tag=1'],
  ['sip:a@b ; tag = 1', '', 'sip:a@b', '; tag = 1'],
  ['"Al, the \\"one\\" <x>" <sip:a@b> ;x', '"Al, the \\"one\\" <x>"', 'sip:a@b', ';x'],
  ['"Al"<sip:a@b>', '"Al"', 'sip:a@b', ''],
  ['Al Bundy <sip:a@b>', 'Al Bundy', 'sip:a@b', ''],
  ['M\xc3\xbcller (home) <sip:a@b>', 'M\xc3\xbcller (home)', 'sip:a@b', ''],
  ['* <sip:a@b>', '*', 'sip:a@b', ''],
  ['""<sip:a@b?x=y,z>;a="b;c,d\\"";e', '""', 'sip:a@b?x=y,z', ';a="b;c,d\\"";e'],
  ['<tel:+1>', '', 'tel:+1', ''],
];

for (const [value, displayName, uriText, params] of VALUES) {
  void t.test(`the value ${value} is taken apart`, (t) => {
    t.same(parseNameAddr(value), { displayName, uriText, params });
    t.end();
  });
}

const BAD_VALUES: readonly (readonly [value: string, why: string])[] = [
  ['', 'Missing URI'],
  ['<>', 'Missing URI'],
  [';tag=1', 'Missing URI'],
  ['"Al <sip:a@b>', 'Unbalanced Quotes'],
  ['"Al\\"', 'Unbalanced Quotes'],
  ['"A\x01l" <sip:a@b>', 'Unbalanced Quotes'],
  ['"A\rl" <sip:a@b>', 'Unbalanced Quotes'],
  ['"A\\\rl" <sip:a@b>', 'Unbalanced Quotes'],
  ['"Al" sip:a@b', 'Bad Display Name'],
  ['"Al"', 'Bad Display Name'],
  ['A:l <sip:a@b>', 'Bad Display Name'],
  ['A"l <sip:a@b>', 'Bad Display Name'],
  ['<sip:a@b', 'Bad Character in URI'],
  ['<sip:a@b >', 'Bad Character in URI'],
  ['< sip:a@b>', 'Bad Character in URI'],
  ['<<sip:a@b>>', 'Bad Character in URI'],
  ['sip:a"@b', 'Bad Character in URI'],
  ['sip:a@b?x=y', 'URI With Question Mark Needs Angle Brackets'],
  ['<sip:a@b>;', 'Malformed Header Parameters'],
  ['<sip:a@b>;;x', 'Malformed Header Parameters'],
  ['<sip:a@b> x', 'Malformed Header Parameters'],
  ['<sip:a@b>;x y', 'Malformed Header Parameters'],
  ['<sip:a@b>;x="y', 'Malformed Header Parameters'],
  ['<sip:a@b>;x=<y>', 'Malformed Header Parameters'],
  ['<sip:a@b>;x="y"z', 'Malformed Header Parameters'],
  ['sip:a@b c', 'Malformed Header Parameters'],
  ['<sip:a@b>,<sip:c@d>', 'Several Values in Single-Value Header'],
];

for (const [value, why] of BAD_VALUES) {
  void t.test(`the value ${JSON.stringify(value)} is refused: ${why}`, (t) => {
    t.match(parseNameAddr(value), { status: 400, reason: why });
    t.end();
  });
}

void t.test('a header parameter is found by its name in any case, without quotes', (t) => {
  const params = ' ;Tag=1;LR; received = sip:10.0.0.1:5060 ;q="a\\"b\\\\c;d,";empty=;tag=2'.trim();
  t.equal(headerParam(params, 'tag'), '1', 'the first one counts');
  t.equal(headerParam(params, 'lr'), '');
  t.equal(headerParam(params, 'received'), 'sip:10.0.0.1:5060');
  t.equal(headerParam(params, 'q'), 'a"b\\c;d,');
  t.equal(headerParam(params, 'empty'), '');
  t.equal(headerParam(params, 'ta'), undefined);
  t.equal(headerParam('', 'tag'), undefined);
  t.end();
});
