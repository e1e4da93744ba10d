import t from 'tap';
import { byteString, displayText } from '../../lib/mi/display-text.ts';

t.test('octets that are UTF-8 are shown as such, others as latin1', (t) => {
  t.equal(displayText('sip:alice@example.com'), 'sip:alice@example.com');
  t.equal(displayText('M\u00c3\u00bcller'), 'Müller');
  t.equal(displayText('M\u00fcller'), 'Müller', 'a lone latin1 octet');
  t.equal(displayText('\u00ff\u00fe'), 'ÿþ');
  t.end();
});

t.test('what an operator types becomes the octets that a phone would have sent', (t) => {
  t.equal(byteString('Müller'), 'M\u00c3\u00bcller');
  t.equal(byteString('alice'), 'alice');
  t.equal(displayText(byteString('日本')), '日本');
  t.end();
});
