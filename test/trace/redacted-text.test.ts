import t from 'tap';
import { redactedText } from '../../lib/trace/redacted-text.ts';

t.test('credentials are redacted however they are written', async (t) => {
  const message = [
    'REGISTER sip:example.com SIP/2.0',
    'Authorization: Digest username="alice", response="secret1"',
    'PROXY-AUTHORIZATION \t: Digest username="alice",',
    ' response="secret2",',
    '\tcnonce="secret3"',
    'To: <sip:alice@example.com>',
    'authorization:secret4',
    '',
    '',
  ].join('\r\n');
  const shown = redactedText(message);
  t.notMatch(shown, /secret/);
  t.equal(
    shown,
    [
      'REGISTER sip:example.com SIP/2.0',
      'Authorization: [redacted]',
      'PROXY-AUTHORIZATION \t: [redacted]',
      'To: <sip:alice@example.com>',
      'authorization: [redacted]',
      '',
      '',
    ].join('\r\n'),
  );
  t.notMatch(
    redactedText('X: y\nAuthorization: a\r secret\n secret\nTo: z'),
    /secret/,
    'bare line ends, and a CR inside',
  );
});

t.test('a password in a URI is redacted; ports and addresses stay', async (t) => {
  t.equal(redactedText('To: <sip:alice:secret@example.com>'), 'To: <sip:alice:[redacted]@example.com>');
  t.equal(redactedText('SIPS::secret@example.com'), 'SIPS::[redacted]@example.com');
  t.equal(redactedText(`sip:${'a'.repeat(300)}:${'s'.repeat(300)}@h`), `sip:${'a'.repeat(300)}:[redacted]@h`);
  t.equal(redactedText('<sip:a:s@h>, "x" <sip:b:t@h>'), '<sip:a:[redacted]@h>, "x" <sip:b:[redacted]@h>');
  const harmless =
    'Contact: <sip:alice@192.0.2.10:5060>, <sip:[2001:db8::1]:5060>\r\nRoute: <sip:192.0.2.1:5060;lr>;x="a@b"';
  t.equal(redactedText(harmless), harmless);
});

t.test('a long message is cut', async (t) => {
  const shown = redactedText(`REGISTER sip:a SIP/2.0\r\nX: ${'y'.repeat(60_000)}`);
  t.match(shown, /^REGISTER sip:a SIP\/2.0\r\r\n\[60\d\d\d more octets\]$/);
  const many = redactedText(`REGISTER sip:a SIP/2.0\r\n${'X: y\r\n'.repeat(10_000)}`);
  t.match(many, /X: y\r\r\n\[5\d\d\d\d more octets\]$/);
  t.ok(many.length < 8300);
});

t.test('no half of a secret is left where the text is cut', async (t) => {
  const secret = 'S'.repeat(20_000);
  t.notMatch(redactedText(`REGISTER sip:a SIP/2.0\r\nTo: <sip:alice:${secret}@h>\r\n`), /SSS/);
  t.notMatch(redactedText(`REGISTER sip:a SIP/2.0\r\nAuthorization: ${secret}\r\n`), /SSS/);
});
