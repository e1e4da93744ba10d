import fc from 'fast-check';
import t from 'tap';
import { canonicalUri } from '../../lib/sip/canonical-uri.ts';
import { Fault } from '../../lib/sip/fault.ts';
import { sameUri, sameUriText } from '../../lib/sip/same-uri.ts';
import { unescape } from '../../lib/sip/unescape.ts';
import { parseUri, uriParam, type SipUri } from '../../lib/sip/uri.ts';

function uriOf(text: string): SipUri {
  const uri = parseUri(text);
  if (uri instanceof Fault) throw new Error(`${text}: ${uri.reason}`);
  return uri;
}

function keyOf(text: string): string {
  return canonicalUri(uriOf(text));
}

void t.test('a URI is taken apart as written', (t) => {
  t.match(uriOf('sip:alice:secret@Example.COM:5070;Transport=TCP;lr?subject=x&to=y'), {
    scheme: 'sip',
    user: 'alice',
    password: 'secret',
    host: 'example.com',
    port: 5070,
    params: [
      { name: 'transport', value: 'TCP' },
      { name: 'lr', value: undefined },
    ],
    headers: 'subject=x&to=y',
  });
  t.match(uriOf('SIPS:[2001:DB8::1]'), { scheme: 'sips', user: '', host: '[2001:db8::1]', port: 0, params: [] });
  t.match(uriOf('sip:+1-212-555-1212;phone-context=x@gw.example.com;user=phone'), {
    user: '+1-212-555-1212;phone-context=x',
    host: 'gw.example.com',
  });
  t.match(uriOf('sip:[2001:db8::1]:5061;lr'), { host: '[2001:db8::1]', port: 5061 });
  t.match(uriOf('sip:*67#5@host_1.example.com'), { user: '*67#5', host: 'host_1.example.com' });
  t.match(uriOf('tel:+1234'), { scheme: 'tel', text: 'tel:+1234' });
  t.end();
});

void t.test('a URI parameter is found by name, with or without value', (t) => {
  const uri = uriOf('sip:h;LR;received=sip%3A1.2.3.4;%6Dethod=x;empty=');
  t.equal(uriParam(uri, 'lr'), '');
  t.equal(uriParam(uri, 'received'), 'sip%3A1.2.3.4');
  t.equal(uriParam(uri, 'method'), 'x', 'a needlessly escaped name is the same name');
  t.equal(uriParam(uri, 'empty'), '');
  t.equal(uriParam(uri, 'transport'), undefined);
  t.end();
});

const BAD_URIS: readonly (readonly [text: string, why: string])[] = [
  ['', 'URI Without Scheme'],
  ['alice@example.com', 'URI Without Scheme'],
  [':alice', 'URI Without Scheme'],
  ['sip:', 'Bad Host in URI'],
  ['sip:alice@', 'Bad Host in URI'],
  ['sip:@example.com', 'Empty User in URI'],
  ['sip::pw@example.com', 'Empty User in URI'],
  ['sip:a@b@c', 'Bad Character in URI'],
  ['sip:a:b:c@d', 'Bad Character in URI'],
  ['sip:a b@c', 'Bad Character in URI'],
  ['sip:a\r\n@c', 'Bad Character in URI'],
  ['sip:a<b@c', 'Bad Character in URI'],
  ['sip:a"b@c', 'Bad Character in URI'],
  ['sip:h;x=a"b', 'Bad Character in URI'],
  ['sip:h?x= y', 'Bad Character in URI'],
  ['sip:h/path', 'Bad Character in URI'],
  ['sip:h%41', 'Bad Character in URI'],
  ['tel:1 2', 'Bad Character in URI'],
  ['sip:h:', 'Bad Port in URI'],
  ['sip:h:0', 'Bad Port in URI'],
  ['sip:h:65536', 'Bad Port in URI'],
  ['sip:h:x', 'Bad Port in URI'],
  ['sip:2001:db8::1', 'Bad Port in URI'],
  ['sip:[2001:db8::1', 'Bad Host in URI'],
  ['sip:[2001:db8::1::2]', 'Bad Host in URI'],
  ['sip:[1:2:3:4:5:6:7:8:9]', 'Bad Host in URI'],
  ['sip:[1:2:3:4:5:6:7]', 'Bad Host in URI'],
  ['sip:[1:2:3:4::5:6:7:8]', 'Bad Host in URI'],
  ['sip:[12345::]', 'Bad Host in URI'],
  ['sip:[::1.2.3.256]', 'Bad Host in URI'],
  ['sip:[::1.2.3]', 'Bad Host in URI'],
  ['sip:[fe80::1%25eth0]', 'Bad Host in URI'],
  ['sip:[]', 'Bad Host in URI'],
  ['sip:[:]', 'Bad Host in URI'],
  ['sip:h;', 'Bad Parameter in URI'],
  ['sip:h;;lr', 'Bad Parameter in URI'],
  ['sip:h;=x', 'Bad Parameter in URI'],
  ['sip:h;lr;LR', 'URI Parameter Given Twice'],
  ['sip:h;lr;%6cr', 'URI Parameter Given Twice'],
  ['sip:h' + Array.from({ length: 33 }, (_, at) => `;p${String(at)}`).join(''), 'Too Many URI Parameters'],
];

for (const [text, why] of BAD_URIS) {
  void t.test(`"${text.substring(0, 40)}" is refused: ${why}`, (t) => {
    t.match(parseUri(text), { status: 400, reason: why });
    t.end();
  });
}

/** RFC 3261 §19.1.4 has most of these as examples. */
const EQUAL: readonly (readonly [string, string])[] = [
  ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
  ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
  [
    'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
    'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
  ],
  [
    'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
    'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
  ],
  ['sip:a@[2001:DB8:0:0::1]', 'sip:a@[2001:db8::1]'],
  ['sip:a@[::ffff:192.0.2.1]', 'sip:a@[::FFFF:c000:201]'],
  ['sip:a@[2001:db8:::192.0.2.1]', 'sip:a@[2001:db8::192.0.2.1]'],
  ['sip:a%3b@h', 'sip:a%3B@h'],
  ['sip:a#b@h', 'sip:a%23b@h'],
  ['sip:h;x=a%2Db', 'sip:h;x=A-b'],
  ['sip:h;x', 'sip:h;x='],
  ['SIP:h', 'sip:h'],
  ['tel:+1', 'TEL:+1'],
];

const DIFFERENT: readonly (readonly [string, string])[] = [
  ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
  ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
  ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
  ['sip:a@h', 'sips:a@h'],
  ['sip:a@h', 'sip:h'],
  ['sip:a@h', 'sip:a:b@h'],
  ['sip:a@h', 'sip:a@h;maddr=1.2.3.4'],
  ['sip:a@h', 'sip:a@h;user=ip'],
  ['sip:a@h', 'sip:a@h;ttl=1'],
  ['sip:a@h', 'sip:a@h;method=INVITE'],
  ['sip:a%3B@h', 'sip:a;@h'],
  ['sip:%00@h', 'sip:%00%00@h'],
  ['sip:a@h;x', 'sip:a@h;x=1'],
  ['sip:a@[2001:db8::10:5070]', 'sip:a@[2001:db8::10]:5070'],
  ['tel:+1', 'tel:+2'],
  ['tel:1', 'sip:1'],
];

void t.test('URIs that RFC 3261 calls equal are equal, both ways', (t) => {
  for (const [a, b] of EQUAL) {
    t.ok(sameUri(uriOf(a), uriOf(b)), `${a} = ${b}`);
    t.ok(sameUriText(b, a), `${b} = ${a}`);
  }
  t.end();
});

void t.test('URIs that RFC 3261 calls different are different, and have different keys', (t) => {
  for (const [a, b] of DIFFERENT) {
    t.notOk(sameUri(uriOf(a), uriOf(b)), `${a} /= ${b}`);
    t.notOk(sameUriText(b, a), `${b} /= ${a}`);
    t.not(keyOf(a), keyOf(b));
  }
  t.end();
});

void t.test('what is no URI equals only itself', (t) => {
  t.ok(sameUriText('not a uri', 'not a uri'));
  t.notOk(sameUriText('not a uri', 'NOT A URI'));
  t.notOk(sameUriText('sip:a@b', 'sip:a@b '));
  t.end();
});

void t.test('the key of a URI is one spelling of it', (t) => {
  t.equal(keyOf('SIP:%61l%69ce@Example.COM:05060;b=2;A=X;lr='), 'sip:alice@example.com:5060;a=x;b=2;lr');
  t.equal(keyOf('sip:a%3b%c3%bc@[2001:DB8:0:0:0:0:0:1]'), 'sip:a%3B%C3%BC@[2001:db8::1]');
  t.equal(keyOf('sip:\xfc@h'), 'sip:%FC@h');
  t.equal(keyOf('sip:100%@h'), 'sip:100%25@h', 'a bad escape is an escaped percent sign');
  t.equal(keyOf('sip:a@h?Route=%3Csip:x%3E'), 'sip:a@h?Route=%3Csip:x%3E');
  t.equal(keyOf('sip:a:@h?'), 'sip:a@h', 'an empty password or header part is none');
  t.equal(keyOf('sip:a@[0:0:1::]'), 'sip:a@[0:0:1::]');
  t.equal(keyOf('sip:a@[1:0:0:2:0:0:0:3]'), 'sip:a@[1:0:0:2::3]');
  t.equal(keyOf('TEL:+1A'), 'tel:+1A');
  t.end();
});

void t.test('a URI that is its own key is not rebuilt', (t) => {
  for (const text of ['sip:u@1.2.3.4:5060', 'sip:u@1.2.3.4:5060;transport=udp', 'sip:h', 'sips:u@h;a=1;b', 'tel:+1']) {
    t.equal(uriOf(text).isCanonical, true, text);
    t.equal(keyOf(text), text);
  }
  for (const text of [
    'Sip:h',
    'sip:u@H',
    'sip:u@h:05060',
    'sip:u@h;b;a',
    'sip:u@h;a=B',
    'sip:u@h;A',
    'sip:%41@h',
    'sip:u@h;a=',
  ]) {
    t.equal(uriOf(text).isCanonical, false, text);
    t.not(keyOf(text), text);
  }
  t.end();
});

void t.test('unescape turns escapes into octets and leaves bad ones', (t) => {
  t.equal(unescape('al%69ce'), 'alice');
  t.equal(unescape('%00%00'), '\x00\x00');
  t.equal(unescape('%C3%bc'), '\xc3\xbc');
  t.equal(unescape('%zz%4'), '%zz%4');
  t.equal(unescape('%%41%'), '%A%');
  t.equal(unescape('%2541'), '%41', 'once only');
  t.equal(unescape('plain'), 'plain');
  t.end();
});

const RUNS = { numRuns: 2000 };

const octet = fc.integer({ min: 0, max: 255 });
const anyText = fc.array(octet, { maxLength: 40 }).map((octets) => String.fromCharCode(...octets));

/** Spellings of each part of a URI, those of equal meaning beside each other. */
const SPELLINGS: readonly (readonly (readonly string[])[])[] = [
  [
    ['sip:', 'SIP:', 'Sip:'],
    ['sips:', 'SIPS:'],
  ],
  [
    [''],
    ['a@', '%61@', 'a:@'],
    ['A@', '%41@'],
    ['a:p@', '%61:%70@'],
    ['a%3b@', 'a%3B@'],
    ['a;@'],
    ['a#@', 'a%23@'],
    ['%00@'],
    ['%00%00@'],
    ['%@', '%25@'],
    ['\xfc@', '%fc@', '%FC@'],
  ],
  [
    ['h', 'H'],
    ['1.2.3.4'],
    ['[2001:db8::1]', '[2001:DB8:0::1]', '[2001:db8:0:0:0:0:0:1]'],
    ['[::ffff:1.2.3.4]', '[::ffff:102:304]'],
  ],
  [[''], [':5060', ':05060'], [':5061']],
  [['', ''], [';transport=udp', ';transport=UDP', ';Transport=%75dp'], [';transport=tcp']],
  [[''], [';lr', ';lr=', ';LR'], [';lr=on']],
  [[''], [';x=1', ';X=%31'], [';x=%3b', ';x=%3B'], [';user=phone'], [';maddr=h']],
  [['', '?'], ['?a=1&b=2', '?b=2&a=1', '?A=1&b=%32'], ['?a=1']],
];

function pick<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length];
  if (item === undefined) throw new Error('an empty list');
  return item;
}

function spell(meanings: readonly number[], spellings: readonly number[], swapsParams: boolean): string {
  const parts = SPELLINGS.map((part, at) => pick(pick(part, meanings[at] ?? 0), spellings[at] ?? 0));
  if (swapsParams) [parts[4], parts[6]] = [parts[6] ?? '', parts[4] ?? ''];
  return parts.join('');
}

const numbers = fc.array(fc.nat(20), { minLength: SPELLINGS.length, maxLength: SPELLINGS.length });
const uriText = fc
  .tuple(numbers, numbers, fc.boolean())
  .map(([meanings, spellings, swaps]) => spell(meanings, spellings, swaps));
/** Two URIs that differ in the meaning of at most one part. */
const nearPair = fc
  .tuple(numbers, numbers, numbers, fc.nat(SPELLINGS.length), fc.nat(20), fc.boolean(), fc.boolean())
  .map(([meanings, spellingsA, spellingsB, at, other, swapsA, swapsB]) => {
    const meaningsB = meanings.map((meaning, part) => (part === at ? other : meaning));
    return [spell(meanings, spellingsA, swapsA), spell(meaningsB, spellingsB, swapsB)] as const;
  });

void t.test('equal keys mean equal URIs', (t) => {
  let equalKeys = 0;
  fc.assert(
    fc.property(nearPair, ([a, b]) => {
      if (keyOf(a) !== keyOf(b)) return true;
      equalKeys++;
      return sameUri(uriOf(a), uriOf(b));
    }),
    RUNS,
  );
  t.ok(equalKeys > RUNS.numRuns / 20, 'the property was put to the test');
  t.end();
});

void t.test('URIs that differ in spelling only are equal, and but for their headers have one key', (t) => {
  fc.assert(
    fc.property(numbers, numbers, numbers, fc.boolean(), (meanings, spellingsA, spellingsB, swaps) => {
      const a = spell(meanings, spellingsA, false);
      const b = spell(meanings, spellingsB, swaps);
      const [withoutHeadersA = '', withoutHeadersB = ''] = [a.split('?')[0], b.split('?')[0]];
      return sameUriText(a, b) && keyOf(withoutHeadersA) === keyOf(withoutHeadersB);
    }),
    RUNS,
  );
  t.pass();
  t.end();
});

void t.test('equality is symmetric and reflexive', (t) => {
  fc.assert(
    fc.property(nearPair, ([a, b]) => sameUriText(a, b) === sameUriText(b, a)),
    RUNS,
  );
  fc.assert(
    fc.property(uriText, (a) => sameUri(uriOf(a), uriOf(a)) && sameUri(uriOf(a), uriOf(keyOf(a)))),
    RUNS,
  );
  t.pass();
  t.end();
});

void t.test('a key is its own key', (t) => {
  fc.assert(
    fc.property(uriText, (a) => keyOf(keyOf(a)) === keyOf(a)),
    RUNS,
  );
  t.pass();
  t.end();
});

void t.test('escaping every octet and unescaping gives the text back', (t) => {
  const escaped = (text: string) =>
    Array.from(text, (char) => '%' + char.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  fc.assert(
    fc.property(anyText, (text) => unescape(escaped(text)) === text),
    RUNS,
  );
  t.pass();
  t.end();
});

void t.test('users that differ in their octets differ as URIs, however they are escaped', (t) => {
  const user = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 3 });
  const uriOfUser = (octets: readonly number[]) =>
    `sip:${octets.map((byte) => '%' + byte.toString(16).padStart(2, '0')).join('')}@h`;
  fc.assert(
    fc.property(user, user, (a, b) => sameUriText(uriOfUser(a), uriOfUser(b)) === (a.join() === b.join())),
    RUNS,
  );
  t.pass();
  t.end();
});

void t.test('no octets make the URI functions throw', (t) => {
  fc.assert(
    fc.property(
      anyText,
      anyText,
      fc.constantFrom('', 'sip:', 'sip:a@', 'sip:a@h;', 'sip:[', 'sip:h?'),
      (a, b, prefix) => {
        const uri = parseUri(prefix + a);
        if (!(uri instanceof Fault)) canonicalUri(uri);
        sameUriText(prefix + a, prefix + b);
        unescape(a);
      },
    ),
    RUNS,
  );
  t.pass();
  t.end();
});

t.test('hundreds of contacts with dozens of parameters are compared in little time, and right', (t) => {
  const filler = Array.from({ length: 28 }, (_, at) => `;q${String(at)}=%41`).join('');
  const texts = Array.from({ length: 200 }, (_, at) => `sip:alice@192.0.2.10${filler};z=${String(at)}`);
  const uris = texts.map(parseUri).filter((uri): uri is SipUri => !(uri instanceof Fault));
  const equal = uris.flatMap((a) => uris.filter((b) => sameUri(a, b)));
  t.equal(equal.length, texts.length, 'each equals itself alone');
  t.end();
});
