import t from 'tap';
import { bindingKey, keyHead } from '../../lib/registrar/binding-key.ts';
import { Fault } from '../../lib/sip/fault.ts';
import { parseUri, type SipUri } from '../../lib/sip/uri.ts';

function uriOf(text: string): SipUri {
  const uri = parseUri(text);
  if (uri instanceof Fault) throw new Error(uri.reason);
  return uri;
}

t.test('the key is the canonical contact, in matching_mode 1 with the Call-ID', async (t) => {
  const uri = uriOf('sip:%61@HOST.example;B=1;a');
  t.equal(bindingKey(uri, 'call-1', 0), 'sip:a@host.example;a;b=1');
  t.equal(bindingKey(uri, 'call-1', 1), 'sip:a@host.example;a;b=1\ncall-1');
});

t.test('the head of a key ends behind host and port', async (t) => {
  const heads: [string, string][] = [
    ['sip:a@192.0.2.1', 'sip:a@192.0.2.1'],
    ['sip:a@192.0.2.1;line=1', 'sip:a@192.0.2.1'],
    ['sip:a@192.0.2.1:5060?x=y', 'sip:a@192.0.2.1:5060'],
    ['sip:192.0.2.1:5060;line=1', 'sip:192.0.2.1:5060'],
    ['sip:a;b?c@192.0.2.1;line=1', 'sip:a;b?c@192.0.2.1'],
    ['sip:a:pw@[2001:db8::1]:5060;line=1', 'sip:a:pw@[2001:db8::1]:5060'],
    ['sips:a@h?x=y', 'sips:a@h'],
  ];
  for (const [text, head] of heads) {
    const uri = uriOf(text);
    t.equal(keyHead(bindingKey(uri, 'c;d', 0), uri), head, text);
    t.equal(keyHead(bindingKey(uri, 'c;d', 1), uri), head, `${text} with Call-ID`);
  }
});
