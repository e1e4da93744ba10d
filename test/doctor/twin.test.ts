import t from 'tap';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { systemClock } from '../../lib/core/clock.ts';
import type { DaemonStatus, TwinState } from '../../lib/doctor/daemon-answer.ts';
import { checkTwin, readTwinFacts, type TwinFacts } from '../../lib/doctor/twin.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { answer, config, NOT_RUNNING, pairConfig, STATUS, TWIN } from './support/healthy.ts';
import { said } from './support/said.ts';

const TWIN_URL = `bin:${TWIN}`;

function check(changed: Partial<TwinState>, others: Partial<TwinFacts> = {}) {
  const replication: TwinState = { outgoing: 'in-sync', synced: true, ...STATUS.replication, ...changed };
  const facts = { config: pairConfig(), answer: answer({ replication }), twinUrl: TWIN_URL, tcp: undefined, ...others };
  return checkTwin(facts);
}

const remedies = (findings: ReturnType<typeof check>) => findings.map(({ remedy }) => remedy).join('\n');

t.test('a pair in sync, and a node of its own', async (t) => {
  t.strictSame(said(check({})), []);
  t.strictSame(said(check({ outgoing: 'down' }, { config: config('') })), []);
});

t.test('no other node, or one that is switched off', async (t) => {
  const waits = { waits_for: 'no other node is named' };
  t.match(said(check({ ...waits, twin_id: undefined })), [/^error: nothing is replicated: no other node is named/]);
  t.match(said(check({ ...waits, membership: 'refused' })), [/^error: nothing is replicated/]);
  t.match(said(check({ enabled: false, waits_for: 'it is switched off' })), [
    /^error: nothing is replicated: it is sw/,
  ]);
});

t.test('a daemon that was started without the cluster', async (t) => {
  const facts = { config: pairConfig(), answer: answer({ replication: undefined }), twinUrl: TWIN_URL, tcp: undefined };
  t.match(said(checkTwin(facts)), [
    /^error: the configuration makes this node one of a pair, and the daemon .* knows of none/,
  ]);
});

t.test('a link that is down says why, who connects, and whether the place is reached', async (t) => {
  const down = { outgoing: 'down', waits_for: 'waits for a link to node 2' };
  const found = check(down, { tcp: { reason: 'connect ECONNREFUSED' } });
  t.match(said(found), [
    /^error: the other node is not reached at bin:10.0.0.178: connect ECONNREFUSED/,
    /^error: node 2 is not in sync \(down\): waits for a link to node 2$/,
  ]);
  t.match(remedies(found), /node 2 is the one that connects/);
  t.equal(said(check(down, { tcp: 'reachable' })).length, 1);
});

t.test('a refusal says its reason, and how to mend it', async (t) => {
  const refusal = { ms_ago: 500, reason: 'wrong-secret', text: 'the proof is wrong' };
  for (const which of ['last_refusal', 'last_stranger'] as const) {
    const found = check({ outgoing: 'connecting', waits_for: 'waits', [which]: refusal });
    t.match(said(found), [/^error: node 2 is not in sync \(connecting\): waits; wrong-secret: the proof is wrong$/]);
    t.match(remedies(found), /the same secret .* restart the one whose file/);
  }
  const row = { ms_ago: 1, reason: 'disabled', text: 'a row' };
  t.match(remedies(check({ outgoing: 'down', last_refusal: row })), /cluster list on both nodes: .* wrong address/);
  const version = check({
    outgoing: 'down',
    last_refusal: { ms_ago: 1, reason: 'protocol-version', text: 'speaks 3' },
  });
  t.match(remedies(version), /upgrade the older one/);
  t.strictSame(said(check({ last_refusal: refusal })), [], 'it was let in since');
  const old = check({ outgoing: 'down', waits_for: 'waits', last_refusal: { ...refusal, ms_ago: 3_600_000 } });
  t.match(said(old), [/waits$/]);
  const stopped = check({ outgoing: 'down', last_refusal: { ms_ago: 1, reason: 'stopping', text: 'bye' } });
  t.notMatch(said(stopped).join(), 'bye');
});

t.test('lagging is a warning, comparing an error, and not synced too', async (t) => {
  t.match(said(check({ outgoing: 'lagging', waits_for: 'slow' })), [
    /^warning: node 2 is not in sync \(lagging\): slow/,
  ]);
  t.match(said(check({ outgoing: 'reconciling', waits_for: 'compares' })), [/^error: node 2 is not in sync \(reconc/]);
  t.match(said(check({ synced: false, waits_for: 'not synced' })), [
    /^error: not everything of node 2 is here yet: not synced/,
  ]);
});

t.test('the other node could not serve', async (t) => {
  t.match(said(check({ twin_ready: false })), [/^error: node 2 says that it could not serve phones/]);
  t.strictSame(said(check({ twin_ready: true })), []);
  t.notMatch(said(check({ outgoing: 'down', twin_ready: false })).join(), 'could not serve');
});

t.test('the nodes serve SIP at different addresses', async (t) => {
  const found = check({ listen_difference: 'listen differs between the nodes: how' });
  t.match(said(found), [/^error: listen differs between the nodes: how: phones are lost when the address moves$/]);
  t.match(remedies(found), /into listen, the same on both nodes/);
});

t.test('whether the other node is active too is not known without a link', async (t) => {
  const role = { flag: true, active: true, address_here: true, yielding: false };
  const cut = (more: Partial<DaemonStatus>, outgoing = 'down') => {
    const replication = { synced: true, ...STATUS.replication, outgoing, waits_for: 'waits' };
    return said(check({}, { answer: answer({ replication, ...more }) }));
  };
  t.match(cut({ role }), [/^error: node 2 is not in sync/, /^unchecked: whether node 2 is active too, as this one is/]);
  t.equal(cut({}).length, 1, 'a passive node');
  t.equal(cut({ role }, 'lagging').length, 1);
});

t.test('what an operator should look at in the rows', async (t) => {
  t.match(said(check({ warnings: ['no node has the flag seed'] })), ['warning: no node has the flag seed']);
});

t.test('without the daemon its place is tried', async (t) => {
  const facts = { config: pairConfig(), answer: NOT_RUNNING, twinUrl: TWIN_URL };
  t.match(said(checkTwin({ ...facts, tcp: { reason: 'no answer' } })), [
    /^error: the other node is not reached at bin:10.0.0.178: no answer/,
    /^unchecked: whether bin:10.0.0.178 lets this node in/,
  ]);
  t.match(said(checkTwin({ ...facts, tcp: 'reachable' })), [/^unchecked: whether/]);
  t.match(said(checkTwin({ ...facts, twinUrl: undefined, tcp: undefined })), [/^unchecked: the other node/]);
});

t.test('a place is reached, or not, and a linked twin is not tried', async (t) => {
  const address = loopbackAddress();
  const server = createServer((socket) => socket.destroy());
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const read = async (url: string, from = NOT_RUNNING) =>
    (await readTwinFacts(pairConfig(), from, url, systemClock)).tcp;
  t.equal(await read(`bin:${address}:${port}`), 'reachable');
  t.equal(await read(`bin:${address}:${port}`, answer()), undefined);
  server.close();
  t.match(await read(`bin:${address}:${await freePort(address)}`), { reason: /ECONNREFUSED/ });
});
