import t from 'tap';
import { LinkMachine, TICK_MS, type LinkEffect } from '../../../lib/sip/drachtio/link-machine.ts';

function machine() {
  let count = 0;
  return new LinkMachine(['register', 'options'], () => String(count++));
}

/** One that is ready; ids 0, 1 and 2 are used. */
function readyMachine(): LinkMachine {
  const link = machine();
  link.step({ kind: 'opened' });
  link.step({ kind: 'answer', id: '0', isOk: true, words: ['udp/10.0.0.1:5060'] });
  for (const id of ['1', '2']) link.step({ kind: 'answer', id, isOk: true, words: [] });
  return link;
}

function ticks(link: LinkMachine, count: number): readonly LinkEffect[] {
  return Array.from({ length: count }, () => link.step({ kind: 'tick', isOwed: false })).flat();
}

t.test('a connection is ready when the secret and every route are confirmed', async (t) => {
  const link = machine();
  t.same(link.step({ kind: 'opened' }), [{ kind: 'send', order: { kind: 'authenticate', id: '0' } }]);
  t.same(link.step({ kind: 'answer', id: 'x', isOk: true, words: [] }), [], 'somebody else is meant');
  t.same(
    link.step({
      kind: 'answer',
      id: '0',
      isOk: true,
      words: ['udp/192.0.2.1:5060,tcp/192.0.2.1:5060', 'v1', 'udp/10.0.0.1:5060,tcp/10.0.0.1:5060'],
    }),
    [
      { kind: 'send', order: { kind: 'route', id: '1', verb: 'register' } },
      { kind: 'send', order: { kind: 'route', id: '2', verb: 'options' } },
    ],
  );
  t.same(link.step({ kind: 'answer', id: '2', isOk: true, words: [] }), []);
  t.equal(link.state, 'routing');
  t.same(link.step({ kind: 'answer', id: '1', isOk: true, words: [] }), [
    {
      kind: 'ready',
      facts: {
        outside: ['udp/192.0.2.1:5060', 'tcp/192.0.2.1:5060'],
        bound: ['udp/10.0.0.1:5060', 'tcp/10.0.0.1:5060'],
        version: 'v1',
      },
    },
  ]);
  t.equal(link.state, 'ready');
});

t.test('a refusal closes, whatever is refused', async (t) => {
  const link = machine();
  link.step({ kind: 'opened' });
  t.same(link.step({ kind: 'answer', id: '0', isOk: false, words: ['incorrect secret'] }), [
    { kind: 'close', reason: 'refused: incorrect secret' },
  ]);
  const other = machine();
  other.step({ kind: 'opened' });
  other.step({ kind: 'answer', id: '0', isOk: true, words: [] });
  t.same(other.step({ kind: 'answer', id: '1', isOk: false, words: ['no'] }), [
    { kind: 'close', reason: 'refused: no' },
  ]);
});

t.test('only a ready connection is lost', async (t) => {
  const link = machine();
  t.same(link.step({ kind: 'closed', reason: 'refused' }), []);
  link.step({ kind: 'opened' });
  t.same(link.step({ kind: 'closed', reason: 'closed' }), []);
  t.same(readyMachine().step({ kind: 'closed', reason: 'closed' }), [{ kind: 'lost', reason: 'closed' }]);
});

t.test(
  'each tick probes unless a probe is out; whoever is silent for ten is given up, greeting or ready',
  async (t) => {
    const link = readyMachine();
    t.match(ticks(link, 1), [{ order: { kind: 'ping', id: '3' } }]);
    link.step({ kind: 'heard' });
    t.match(ticks(link, 1), [{ order: { kind: 'ping', id: '4' } }]);
    t.same(ticks(link, 8), []);
    t.same(ticks(link, 1), [{ kind: 'close', reason: 'silent' }]);
    const greeting = machine();
    greeting.step({ kind: 'opened' });
    t.same(ticks(greeting, 10), [{ kind: 'close', reason: 'silent' }]);
  },
);

t.test('whoever owes an acknowledgement for too long is given up', async (t) => {
  t.same(readyMachine().step({ kind: 'tick', isOwed: true }), [{ kind: 'close', reason: 'unacknowledged' }]);
});

t.test('a pause of three ticks is a standstill, told when it ends', async (t) => {
  const link = readyMachine();
  ticks(link, 2);
  t.same(link.step({ kind: 'heard' }), []);
  ticks(link, 3);
  t.same(link.step({ kind: 'heard' }), [{ kind: 'woke', silentMs: 3 * TICK_MS }]);
  t.same(link.step({ kind: 'heard' }), []);
});

t.test('a standstill outlasts the connection that was given up for it, but not the process', async (t) => {
  const again = (link: LinkMachine, first: number) => {
    link.step({ kind: 'opened' });
    link.step({ kind: 'heard' });
    link.step({ kind: 'answer', id: String(first), isOk: true, words: [] });
    link.step({ kind: 'answer', id: String(first + 1), isOk: true, words: [] });
    return link.step({ kind: 'answer', id: String(first + 2), isOk: true, words: [] });
  };
  const hung = readyMachine();
  ticks(hung, 10);
  hung.step({ kind: 'closed', reason: 'silent' });
  ticks(hung, 5);
  t.match(again(hung, 4), [{ kind: 'woke', silentMs: 15 * TICK_MS }, { kind: 'ready' }]);
  const restarted = readyMachine();
  ticks(restarted, 10);
  restarted.step({ kind: 'closed', reason: 'silent' });
  restarted.step({ kind: 'closed', reason: 'refused' });
  ticks(restarted, 5);
  t.match(again(restarted, 4), [{ kind: 'ready' }], 'what is dead does not stand still');
});
