import t from 'tap';
import { NODE_URL_EXPECTED, nodeUrlText, parseNodeUrl } from '../../lib/core/node-url.ts';

function read(text: string): string {
  const parsed = parseNodeUrl(text);
  return parsed.ok ? nodeUrlText(parsed.value) : parsed.message;
}

t.test('the url of a node has port 5555 where it names none, and a name stays a name', async (t) => {
  t.equal(read('bin:10.0.0.177'), 'bin:10.0.0.177:5555');
  t.equal(read('bin:10.0.0.177:5556'), 'bin:10.0.0.177:5556');
  t.equal(read('BINS:Node-B.example'), 'bins:node-b.example:5555');
  t.equal(read('bin:[2001:db8::1]'), 'bin:[2001:db8::1]:5555');
});

t.test('what is no url of a node is refused with what is wrong and what is expected', async (t) => {
  const hints: Readonly<Record<string, string>> = {
    '': 'no bin: stands before it; ',
    '10.0.0.177': 'no bin: stands before it; ',
    '10.0.0.177:5555': 'no bin: stands before it; ',
    'udp:10.0.0.177': 'udp is not what nodes talk to each other by; ',
    'sip:10.0.0.177': 'sip is not what nodes talk to each other by; ',
    'bin:': '',
    'bin:5555': '5555 is no host; ',
    'bin:10.0.0.999': '10.0.0.999 is no host; ',
    'bin:a b': 'a b is no host; ',
    'bin:10.0.0.177:0': '0 is no port (port 1 to 65535); ',
    'bin:10.0.0.177:65536': '65536 is no port (port 1 to 65535); ',
    'bin:::1': 'an IPv6 address stands in brackets: [::1]; ',
    'bin://10.0.0.177': '//10.0.0.177 is no host; ',
  };
  for (const [text, hint] of Object.entries(hints)) t.equal(read(text), `${hint}expected ${NODE_URL_EXPECTED}`, text);
});
