import t from 'tap';
import { HEADER_ROW_SIZE_MAX, HEADER_ROWS_MAX, MESSAGE_SIZE_MAX, PATH_URIS_MAX } from '../../lib/sip/limits.ts';
import { parseMessage } from '../../lib/sip/parser.ts';
import { parseRequest, refusal, register, registerText } from './support/register.ts';

void t.test('a REGISTER is read', (t) => {
  const text = registerText({ rows: ['Expires: 60', 'User-Agent:  Phone 1 \t', 'Content-Length: 2'], body: 'hiXX' });
  const request = parseRequest(text);
  t.match(request, {
    method: 'REGISTER',
    uriText: 'sip:example.com',
    callId: 'a1@192.0.2.4',
    cseq: 1,
    cseqMethod: 'REGISTER',
  });
  t.match(request.requestUri(), { scheme: 'sip', host: 'example.com' });
  t.match(request.to(), { uriText: 'sip:alice@example.com' });
  t.match(request.from(), { params: ';tag=1' });
  t.match(request.topVia(), { transport: 'UDP', host: '192.0.2.4', port: 5062 });
  t.equal(request.expires(), 60);
  t.equal(request.header('user-agent'), 'Phone 1');
  t.equal(request.header('path'), undefined);
  t.same(request.headers('path'), []);
  t.same(request.pathUris(), []);
  t.equal(request.text, text);
  t.equal(text.substring(request.bodyStart), 'hiXX');
  t.equal(request.body, 'hi');
  t.end();
});

void t.test('every compact form equals the long one', (t) => {
  const forms = {
    a: 'accept-contact',
    b: 'referred-by',
    c: 'content-type',
    d: 'request-disposition',
    e: 'content-encoding',
    j: 'reject-contact',
    k: 'supported',
    m: 'contact',
    n: 'identity-info',
    o: 'event',
    r: 'refer-to',
    s: 'subject',
    u: 'allow-events',
    x: 'session-expires',
    y: 'identity',
  } as const;
  for (const [letter, name] of Object.entries(forms)) {
    t.equal(register({ rows: [`${letter}: value`] }).header(name), 'value', letter);
    t.equal(register({ rows: [`${letter.toUpperCase()}:value`] }).header(name), 'value', letter.toUpperCase());
    t.equal(register({ rows: [`${name.toUpperCase()} : value`] }).header(name), 'value', name);
  }
  const compact =
    'REGISTER sip:h SIP/2.0\r\nv:SIP/2.0/UDP a\r\nf:sip:a@b\r\nt:sip:a@b\r\ni:1\r\nCSEQ:1 REGISTER\r\nl:0\r\n\r\n';
  t.match(parseRequest(compact), { callId: '1', cseq: 1 });
  t.end();
});

void t.test('folded rows mean one space, bare LF ends a line, blanks around the colon are nothing', (t) => {
  const request = register({ rows: ['Subject\t :\r\n  one  \r\n\t two\r\n three'] });
  t.equal(request.header('subject'), 'one two three');
  const bare = parseRequest(registerText({ rows: ['Subject: a\n b'] }).replaceAll('\r\n', '\n'));
  t.equal(bare.header('subject'), 'a b');
  t.equal(
    parseRequest('\r\n\r\n\n' + registerText()).callId,
    'a1@192.0.2.4',
    'line ends before the start line are skipped',
  );
  t.end();
});

void t.test('a request of RFC 2543 passes', (t) => {
  const request = register({ via: 'SIP/2.0/UDP a', from: 'sip:a@b' });
  t.equal(request.header('max-forwards'), undefined);
  t.match(request.from(), { params: '' });
  t.end();
});

const VIA = 'Via: SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bK1;rport\r\n';

const MISSING: readonly (readonly [row: string, reaction: string])[] = [
  ['Via', '400 Missing Via, dropped'],
  ['From', '400 Missing From, answered'],
  ['To', '400 Missing To, answered'],
  ['Call-ID', '400 Missing Call-ID, answered'],
  ['CSeq', '400 Missing CSeq, answered'],
];

for (const [name, reaction] of MISSING) {
  void t.test(`a request without ${name} is refused: ${reaction}`, (t) => {
    const rows = registerText().split('\r\n');
    t.equal(refusal(rows.filter((row) => !row.startsWith(`${name}:`)).join('\r\n')), reaction);
    t.end();
  });
}

for (const row of ['From: <sip:x@y>', 'To: <sip:x@y>', 'Call-ID: 2', 'CSeq: 1 REGISTER']) {
  const name = row.substring(0, row.indexOf(':'));
  void t.test(`a request with two ${name} is refused`, (t) => {
    t.equal(refusal(registerText({ rows: [row] })), `400 Multiple ${name}, answered`);
    t.end();
  });
}

void t.test('other single-value headers are refused twice too', (t) => {
  t.equal(refusal(registerText({ rows: ['Expires: 1', 'expires: 1'] })), '400 Multiple Expires, answered');
  t.equal(
    refusal(registerText({ rows: ['Max-Forwards: 1', 'Max-Forwards: 1'] })),
    '400 Multiple Max-Forwards, answered',
  );
  t.equal(refusal(registerText({ rows: ['c: a/b', 'Content-Type: a/b'] })), '400 Multiple Content-Type, answered');
  t.end();
});

const START_LINES: readonly (readonly [line: string, reaction: string])[] = [
  ['REGISTER sip:h SIP/2.1', '505 Version Not Supported, answered'],
  ['REGISTER sip:h SIP/3.0', '505 Version Not Supported, answered'],
  ['REGISTER sip:h HTTP/1.1', '400 Malformed Request Line, answered'],
  ['REGISTER sip:h SIP/2', '400 Malformed Request Line, answered'],
  ['REGISTER sip:h', '400 Malformed Request Line, answered'],
  ['REGISTER', '400 Malformed Request Line, answered'],
  ['REGISTER  SIP/2.0', '400 Malformed Request Line, answered'],
  ['REGISTER sip:h SIP/2.0 ', '400 Whitespace After SIP Version, answered'],
  ['REGISTER  sip:h SIP/2.0', '400 Whitespace in Request-URI, answered'],
  ['REGISTER sip:h;a b SIP/2.0', '400 Whitespace in Request-URI, answered'],
  ['REGISTER sip:h\tSIP/2.0 SIP/2.0', '400 Whitespace in Request-URI, answered'],
  ['REGISTER <sip:h> SIP/2.0', '400 Angle Brackets Around Request-URI, answered'],
  ['REG@STER sip:h SIP/2.0', '400 Malformed Method, answered'],
  [' REGISTER sip:h SIP/2.0', '400 Malformed Method, answered'],
  ['REGISTER tel:1 SIP/2.0', '416 Unsupported URI Scheme, answered'],
  ['REGISTER nothing SIP/2.0', '400 Bad Request-URI: URI Without Scheme, answered'],
  ['REGISTER sip:h?x=y SIP/2.0', '400 Headers in Request-URI, answered'],
  ['register sip:h SIP/2.0', '400 CSeq Method Mismatch, answered'],
  ['SIP/2.0 99 Low', '400 Malformed Response, dropped'],
  ['SIP/2.0 700 High', '400 Malformed Response, dropped'],
  ['SIP/2.0 0200 Long', '400 Malformed Response, dropped'],
  ['SIP/2.0 20x Odd', '400 Malformed Response, dropped'],
  ['SIP/3.0 200 OK', '400 Malformed Response, dropped'],
  ['SIP/2.0 200 OK', 'response'],
  ['sip/2.0 200', 'response'],
  ['REGISTER sip:h sip/2.0', 'request'],
];

for (const [line, reaction] of START_LINES) {
  void t.test(`the start line "${line}" is: ${reaction}`, (t) => {
    t.equal(refusal(registerText().replace(/^[^\r]*/, line)), reaction);
    t.end();
  });
}

const PARTS: readonly (readonly [parts: Parameters<typeof registerText>[0], reaction: string])[] = [
  [{ callId: '' }, '400 Empty Call-ID, answered'],
  [{ callId: 'a\rEvil: 1' }, '400 Bare CR in Headers, answered'],
  [{ rows: ['X: a\rEvil: 1'] }, '400 Bare CR in Headers, answered'],
  [{ rows: ['X: a\r\r'] }, '400 Bare CR in Headers, answered'],
  [{ rows: ['X: "a\\\rb"'] }, '400 Bare CR in Headers, answered'],
  [{ rows: ['X: a\r\n b\rc'] }, '400 Bare CR in Headers, answered'],
  [{ body: 'a\rb' }, 'request'],
  [{ cseq: '' }, '400 Bad CSeq, answered'],
  [{ cseq: '1' }, '400 Bad CSeq, answered'],
  [{ cseq: 'REGISTER' }, '400 Bad CSeq, answered'],
  [{ cseq: '-1 REGISTER' }, '400 Bad CSeq, answered'],
  [{ cseq: '1REGISTER' }, '400 Bad CSeq, answered'],
  [{ cseq: '1 REGISTER x' }, '400 Bad CSeq, answered'],
  [{ cseq: '2147483648 REGISTER' }, '400 Bad CSeq, answered'],
  [{ cseq: '2147483647 REGISTER' }, 'request'],
  [{ cseq: '000000000000000000001\t REGISTER' }, 'request'],
  [{ cseq: '1 register' }, '400 CSeq Method Mismatch, answered'],
  [{ from: '"a <sip:a@b>' }, '400 Bad From: Unbalanced Quotes, answered'],
  [{ to: '<sip:a@b>,<sip:c@d>' }, '400 Bad To: Several Values in Single-Value Header, answered'],
  [{ via: 'SIP/2.0/UDP a;;' }, '400 Malformed Via, answered'],
  [{ via: 'nonsense' }, '400 Malformed Via, dropped'],
  [{ rows: ['no colon here'] }, '400 Malformed Header, answered'],
  [{ rows: [': no name'] }, '400 Malformed Header, answered'],
  [{ rows: ['odd name: x'] }, '400 Malformed Header, answered'],
  [{ rows: ['X: a\x00b'] }, '400 NUL in Headers, answered'],
  [{ rows: ['X: "a\\\x00b"'] }, 'request'],
  [{ body: 'a\x00b' }, 'request'],
  [{ rows: ['Content-Length: 1'] }, '400 Content-Length Larger Than Message, answered'],
  [{ rows: ['Content-Length: -1'] }, '400 Bad Content-Length, answered'],
  [{ rows: ['Content-Length: 0x1'] }, '400 Bad Content-Length, answered'],
  [{ rows: ['Content-Length:'] }, '400 Bad Content-Length, answered'],
  [{ rows: ['Content-Length: 99999999999999999999'] }, '400 Bad Content-Length, answered'],
  [{ rows: ['Content-Length: 1', 'l: 2'], body: 'abc' }, '400 Multiple Content-Length, answered'],
  [{ rows: ['Content-Length: 1', 'l: 01'], body: 'abc' }, 'request'],
];

for (const [parts, reaction] of PARTS) {
  void t.test(`a REGISTER with ${JSON.stringify(parts)} is: ${reaction}`, (t) => {
    t.equal(refusal(registerText(parts)), reaction);
    t.end();
  });
}

void t.test('what is no SIP message is dropped', (t) => {
  for (const text of ['', '\r\n\r\n', 'hello', 'hello\r\n', '\x00\x00\x00\x00', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n']) {
    t.match(refusal(text), /dropped$/, JSON.stringify(text));
  }
  t.end();
});

void t.test('a message whose headers have no end is refused', (t) => {
  const text = registerText();
  t.equal(refusal(text.substring(0, text.length - 2)), '400 Missing End of Headers, answered');
  t.equal(refusal(text.substring(0, text.length - 4)), '400 Missing End of Headers, answered');
  t.end();
});

void t.test('size, number and length of rows have a limit', (t) => {
  const padding = MESSAGE_SIZE_MAX - registerText().length;
  t.equal(refusal(registerText({ body: ' '.repeat(padding) })), 'request');
  t.equal(refusal(registerText({ body: ' '.repeat(padding + 1) })), '413 Request Entity Too Large, dropped');

  const rows = (count: number) => Array.from({ length: count }, () => 'X: y');
  t.equal(refusal(registerText({ rows: rows(HEADER_ROWS_MAX - 5) })), 'request');
  t.equal(refusal(registerText({ rows: rows(HEADER_ROWS_MAX - 4) })), '400 Too Many Headers, answered');

  const longRow = (length: number) => ['X: '.padEnd(length - 2, 'y')];
  t.equal(refusal(registerText({ rows: longRow(HEADER_ROW_SIZE_MAX) })), 'request');
  t.equal(refusal(registerText({ rows: longRow(HEADER_ROW_SIZE_MAX + 1) })), '400 Header Too Long, answered');
  t.end();
});

void t.test('headers that only some methods need are not looked at before they are asked for', (t) => {
  const request = register({ rows: ['Contact: <', 'Expires: never', 'Path: x', 'Date: 1 EST', 'Max-Forwards: many'] });
  t.match(request.contacts(), { status: 400 });
  t.equal(request.expires(), 'invalid');
  t.match(request.pathUris(), { status: 400 });
  t.end();
});

void t.test('Expires is a number up to 2^32-1', (t) => {
  const expires = (value: string) => register({ rows: [`Expires: ${value}`] }).expires();
  t.equal(register().expires(), undefined);
  t.equal(expires('0'), 0);
  t.equal(expires('4294967295'), 4_294_967_295);
  t.equal(expires('4294967296'), 'invalid');
  t.equal(expires('-1'), 'invalid');
  t.equal(expires(''), 'invalid');
  t.equal(expires('Fri, 01 Jan 2027 16:00:00 GMT'), 'invalid');
  t.end();
});

void t.test('option tags are read over rows and lists, in any case', (t) => {
  const request = register({ rows: ['Supported: replaces ,, Path,', 'k: outbound', 'Require:'] });
  t.equal(request.hasOption('supported', 'path'), true);
  t.equal(request.hasOption('supported', 'outbound'), true);
  t.equal(request.hasOption('supported', 'out'), false);
  t.equal(request.hasOption('require', 'path'), false);
  t.equal(request.hasOption('proxy-require', 'path'), false);
  t.same(request.optionTags('supported'), ['replaces', 'Path', 'outbound']);
  t.same(request.optionTags('require'), []);
  t.end();
});

void t.test('Path is split into its values, as they are written', (t) => {
  const path = register({ rows: ['Path: <sip:a;lr> ;x=1, "b,c" <sip:b;lr>', 'Path:<sips:c;lr>'] }).pathUris();
  t.match(path, [
    { text: '<sip:a;lr> ;x=1', uriText: 'sip:a;lr', uri: { host: 'a' } },
    { text: '"b,c" <sip:b;lr>', uriText: 'sip:b;lr' },
    { text: '<sips:c;lr>', uri: { scheme: 'sips' } },
  ]);
  t.end();
});

void t.test('a Path value that could not be a route is refused', (t) => {
  for (const value of ['', 'sip:a;lr', '<sip:a;lr', '<tel:1>', '<sip:a>,', '<sip:@a>']) {
    t.match(register({ rows: [`Path: ${value}`] }).pathUris(), { status: 400 }, value);
  }
  const list = Array.from({ length: PATH_URIS_MAX }, () => '<sip:a;lr>').join(',');
  t.equal((register({ rows: [`Path: ${list}`] }).pathUris() as readonly unknown[]).length, PATH_URIS_MAX);
  t.match(register({ rows: [`Path: ${list}`, 'Path: <sip:b;lr>'] }).pathUris(), { status: 400 });
  t.end();
});

void t.test('a response is read', (t) => {
  const text = registerText({ cseq: '3 OPTIONS', rows: ['Server: x'] }).replace(/^[^\r]*/, 'SIP/2.0 486 Busy Here');
  const parsed = parseMessage(text);
  if (parsed.kind !== 'response') throw new Error(parsed.kind);
  t.match(parsed.response, {
    status: 486,
    reason: 'Busy Here',
    callId: 'a1@192.0.2.4',
    cseq: 3,
    cseqMethod: 'OPTIONS',
  });
  t.match(parsed.response.topVia, { host: '192.0.2.4' });
  t.equal(parsed.response.header('server'), 'x');
  t.same(parsed.response.headers('via'), [VIA.trim().substring(5)]);
  t.equal(parsed.response.text, text);
  t.end();
});
