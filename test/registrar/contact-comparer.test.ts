import fc from 'fast-check';
import t from 'tap';
import { ContactComparer } from '../../lib/registrar/contact-comparer.ts';
import { sameUriText } from '../../lib/sip/same-uri.ts';

/** Few URIs, so that equal and nearly equal ones meet often; some do not parse. */
const uri = fc
  .tuple(
    fc.constantFrom('sip:', 'SIP:', 'sips:', 'sip', ''),
    fc.constantFrom('a@', '%61@', 'b@', ''),
    fc.constantFrom('h.example', 'H.example', '[::1]', '[0::1]', ''),
    fc.constantFrom('', ':5060', ':5061'),
    fc.constantFrom('', ';x=1', ';X=1', ';x=2', ';transport=tcp', ';x=1;x=1'),
  )
  .map((parts) => parts.join(''));

t.test('contacts are the same by RFC 3261 §19.1.4, whatever was asked before', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(uri, uri), { maxLength: 50 }), (pairs) => {
      const comparer = new ContactComparer();
      for (const [a, b] of pairs) if (comparer.isSame(a, b) !== sameUriText(a, b)) return false;
      return true;
    }),
  );
  t.pass();
});

t.test('it answers alike when it has forgotten', async (t) => {
  const comparer = new ContactComparer();
  const wrong: number[] = [];
  for (let round = 0; round < 2; round++) {
    for (let line = 0; line < 1500; line++) {
      const other = `sip:alice@192.0.2.10;line=${String(line)};x`;
      const isSame = comparer.isSame('sip:alice@192.0.2.10;line=7', other);
      if (isSame !== (line === 7)) wrong.push(line);
    }
  }
  t.same(wrong, []);
});
