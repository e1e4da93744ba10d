import t, { type Test } from 'tap';
import { LateBinding } from '../../../lib/sip/embedded/late-binding.ts';
import { listeningSocket } from '../../../lib/sip/serving/listening-socket.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { freePort, loopbackAddress } from '../../support/free-port.ts';
import { optionsTo } from './options-text.ts';
import { RecordedLog } from './recorded-log.ts';
import { requestText, statusOf } from './sip-text.ts';
import { listener, TestEngine } from './test-engine.ts';

/** Two engines on one address, as two nodes on one machine: the second waits until the first is gone. */
async function twoNodes(t: Test) {
  const address = loopbackAddress();
  const port = await freePort(address);
  const listeners = [listener('udp', address, port), listener('tcp', address, port)];
  const first = await TestEngine.start(t, { listeners }, address);
  const second = await TestEngine.start(t, { listeners, waitsForAddress: true }, address);
  return { address, port, first, second };
}

async function isServed(test: TestEngine): Promise<boolean> {
  await test.until(() => test.engine.waiting.length === 0);
  const replies = [await (await test.udpPhone()).ask(requestText()), await (await test.tcpPhone()).ask(requestText())];
  return replies.every((reply) => statusOf(reply) === 200);
}

t.test('a loopback address that another node has bound is waited for, and served as soon as it is free', async (t) => {
  const { address, port, first, second } = await twoNodes(t);
  t.same(second.engine.sockets, []);
  t.match(second.engine.waiting, [
    { socket: { transport: 'udp', address, port }, sinceMs: 0, reason: /another process holds this port/ },
    { socket: { transport: 'tcp', address, port }, sinceMs: 0, reason: /another process holds this port/ },
  ]);
  t.equal(second.engine.sendOptions(optionsTo({ transport: 'udp', host: address, port: 9 })), 'no-socket');
  await first.engine.stop();
  second.clock.advance(200);
  t.equal(await isServed(second), true);
  t.match(second.engine.sockets, [{ transport: 'udp' }, { transport: 'tcp' }], 'in the order of the settings');
  t.match(
    second.log.lines.map(({ level, message }) => [level, message]),
    [
      ['info', 'the socket waits for its address'],
      ['info', 'the socket waits for its address'],
      ['info', 'listening'],
      ['info', 'listening'],
    ],
  );
});

t.test('whoever knows that the address came has it bound at once', async (t) => {
  const { first, second } = await twoNodes(t);
  await first.engine.stop();
  second.engine.bindWaiting();
  t.equal(await isServed(second), true);
  t.equal(second.clock.monotonicMs(), 0, 'no timer had to pass');
});

t.test('an address that this host does not have is waited for', async (t) => {
  const listeners = [listener('tcp', '192.0.2.1', 5060), listener('udp', '192.0.2.1', 5060)];
  const test = await TestEngine.start(t, { listeners, waitsForAddress: true });
  t.match(test.engine.waiting, [{ socket: { transport: 'tcp' } }, { socket: { transport: 'udp' } }]);
  const attempts = 3;
  for (let i = 0; i < attempts; i++) {
    test.clock.advance(200);
    await test.turns(20);
  }
  t.equal(test.engine.waiting.length, 2);
  t.equal(test.log.lines.length, 2, 'which is said once for each socket');
});

t.test('what is here is served while the rest waits', async (t) => {
  const address = loopbackAddress();
  const listeners = [listener('udp', '192.0.2.1', 5060), listener('udp', address), listener('tcp', address)];
  const test = await TestEngine.start(t, { listeners, waitsForAddress: true }, address);
  t.match(test.engine.sockets, [{ address }, { address }]);
  t.equal(statusOf(await (await test.udpPhone()).ask(requestText())), 200);
});

t.test('stopped while it binds it leaves the port free, and no timer', async (t) => {
  const { address, port, first, second } = await twoNodes(t);
  await first.engine.stop();
  second.engine.bindWaiting();
  await second.engine.stop();
  t.equal(second.clock.timerCount, 0);
  const listeners = [listener('udp', address, port), listener('tcp', address, port)];
  await t.resolves(TestEngine.start(t, { listeners }, address));
});

t.test('once it drains it binds nothing any more', async (t) => {
  const { first, second } = await twoNodes(t);
  second.engine.drain();
  await first.engine.stop();
  second.engine.bindWaiting();
  second.clock.advance(10_000);
  await second.turns(20);
  t.same(second.engine.sockets, []);
});

t.test('another reason than before is told once, and is a warning unless the address has left again', async (t) => {
  const [clock, log] = [new ManualClock(), new RecordedLog()];
  const left = Object.assign(new Error('is not here'), { code: 'EADDRNOTAVAIL' });
  const taken = new Error('is taken');
  const failures = [left, left, taken, taken, left];
  let bound = 0;
  const binding = new LateBinding({ clock, log, bound: () => void bound++ });
  const socket = listeningSocket(listener('udp', '192.0.2.1', 5060), 5060);
  const start = (): Promise<void> => {
    const failure = failures.shift();
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  };
  binding.add({ socket, start }, left);
  while (bound === 0) {
    clock.advance(200);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.match(
    log.lines.map(({ level, fields }) => [level, fields]),
    [
      ['info', { socket: socket.name, reason: 'is not here' }],
      ['warn', { socket: socket.name, reason: 'is taken' }],
      ['info', { socket: socket.name, reason: 'is not here' }],
      ['info', { socket: socket.name }],
    ],
  );
  t.same(binding.waiting, []);
  clock.advance(200);
  t.equal(clock.timerCount, 0);
});
