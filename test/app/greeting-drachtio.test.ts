import t from 'tap';
import { greetingText } from '../../lib/app/greeting.ts';
import { configOf } from '../config/load.ts';

const CONFIG = configOf('sip: {engine: drachtio}', { data: '/d' });
const REST = { version: '1.2.3', config: CONFIG, waitingSockets: [], loadedBindings: 0, daemonOptions: '' };

t.test('who starts a daemon behind a drachtio-server is told where SIP comes from, or what it waits for', async (t) => {
  const there = greetingText({ ...REST, sockets: ['udp:10.0.0.150:5060'] });
  t.match(there, 'serves SIP on udp:10.0.0.150:5060, from drachtio-server 127.0.0.1:9022');
  t.match(there, 'Point a softphone at 10.0.0.150:5060');
  t.notMatch(there, '--listen', 'it is not this key that opens sockets');
  const missing = greetingText({ ...REST, sockets: [] });
  t.match(missing, 'waits for drachtio-server 127.0.0.1:9022; SIP is served as soon as that is there');
  t.notMatch(missing, 'softphone');
});
