import t, { type Test } from 'tap';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { TableBindings } from '../../../lib/app/bindings.ts';
import { TableOrders } from '../../../lib/app/orders.ts';
import { LocationTable } from '../../../lib/location/location-table.ts';
import { PositionGate } from '../../../lib/location/position-gate.ts';
import { CommandTable } from '../../../lib/mi/command-table.ts';
import { ulDiskCommands } from '../../../lib/mi/commands/ul-disk.ts';
import { ulCommands } from '../../../lib/mi/commands/ul-commands.ts';
import { sameUriText } from '../../../lib/sip/same-uri.ts';
import { memoryOnlyStore } from '../../../lib/storage/memory-only-store.ts';
import { openFile, type OpenOptions } from '../../storage/support/open-store.ts';
import { inProcessThread, SlowDisk } from '../../storage/support/in-process-thread.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { miCaller } from '../../support/mi-caller.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const ALICE = 'alice@example.com';

/** The commands on a real table and its real file, with time in the test's hand. */
async function start(path: string, options: OpenOptions = {}) {
  // The view of the file looks at the real clock.
  const clock = new ManualClock(Date.now());
  const file = await openFile(path, { clock, startThread: inProcessThread, ...options });
  const table = new LocationTable({
    nodeId: 1,
    incarnation: 7,
    maxContacts: 0,
    descTimeOrder: false,
    recordsPerAorMax: 20,
    aorsMax: 100,
    sameContact: sameUriText,
  });
  await file.load(table, { forgetBeforeMs: 0 });
  const clusterClock = { nowMs: () => clock.wallMs() };
  const gate = new PositionGate({ waitersMax: 10, changesMax: 100, overflowed: () => {} });
  const store = file.start({ table, gate, clusterNowMs: clusterClock.nowMs });
  table.addListener(store);
  const settings = {
    useDomain: true,
    caseSensitive: true,
    realmPrefix: '',
    matchingMode: 0,
    maxContactLen: 255,
    maxAorLen: 256,
  } as const;
  const bindings = new TableBindings(table, clusterClock, () => store.status().durableMarkMs);
  const orders = new TableOrders(table, store, clusterClock);
  const call = miCaller(new CommandTable(ulCommands({ bindings, orders, store, settings, clock })));

  /** Lets time pass until the promise is settled. */
  const passUntil = async <T>(promise: Promise<T>, stepMs = 20): Promise<T> => {
    const watched = { isSettled: false };
    const settle = () => void (watched.isSettled = true);
    promise.then(settle, settle);
    while (!watched.isSettled) {
      clock.advance(stepMs);
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    return promise;
  };
  return { call, passUntil, close: () => passUntil(store.close()) };
}

function add(contact: string) {
  return ['location', ALICE, contact, 3600, '1', 0, 'SIPPING_ENABLE', 0];
}

function rows(path: string): unknown[] {
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare('SELECT username, domain, contact, callid, cflags FROM location ORDER BY contact').all();
  } finally {
    db.close();
  }
}

const row = (contact: string) => ({
  username: 'alice',
  domain: 'example.com',
  contact,
  callid: 'dfjrewr12386fd6-343@opensips.mi',
  cflags: 'SIPPING_ENABLE',
});

const filePath = (t: Test) => join(tempFolder(t), 'location.db');

t.test('ul_flush and ul_sync bring the rows up to what ul_add and ul_rm did', async (t) => {
  const path = filePath(t);
  const node = await start(path);
  t.equal(await node.call('ul_add', add('sip:a@192.0.2.1')), 'OK');
  t.equal(await node.call('ul_add', add('sip:b@192.0.2.1')), 'OK');
  t.equal(await node.passUntil(node.call('ul_flush')), 'OK');
  t.same(rows(path), [row('sip:a@192.0.2.1'), row('sip:b@192.0.2.1')]);
  t.match(await node.call('ul_show_contact', ['location', ALICE]), {
    Contacts: [{ State: 'CS_SYNC' }, { State: 'CS_SYNC' }],
  });

  t.equal(await node.call('ul_rm_contact', ['location', ALICE, 'sip:a@192.0.2.1']), 'OK');
  t.equal(await node.passUntil(node.call('ul_sync', ['location', ALICE])), 'OK');
  t.same(rows(path), [row('sip:b@192.0.2.1')]);
  t.match(await node.call('ul_sync', ['location', 'bob@example.com']), { code: 404, message: 'AOR not found' });

  t.equal(await node.call('ul_rm', ['location', ALICE]), 'OK');
  t.equal(await node.passUntil(node.call('ul_sync', ['location'])), 'OK');
  t.same(rows(path), []);
  await node.close();
});

t.test('what was added permanently, and what was removed, are so after a restart', async (t) => {
  const path = filePath(t);
  const node = await start(path);
  const [, , , , ...rest] = add('');
  await node.call('ul_add', ['location', ALICE, 'sip:a@192.0.2.1', 0, ...rest]);
  await node.call('ul_add', ['location', 'bob@example.com', 'sip:b@192.0.2.1', 0, ...rest]);
  await node.call('ul_rm', ['location', 'bob@example.com']);
  await node.close();
  const again = await start(path);
  t.match(await again.call('ul_dump'), {
    Domains: [{ AORs: [{ AOR: ALICE, Contacts: [{ Expires: 'permanent', Cflags: 'SIPPING_ENABLE' }] }] }],
  });
  t.match(await again.call('ul_show_contact', ['location', 'bob@example.com']), { code: 404 });
  await again.close();
});

t.test('with write-through ul_add is answered when the disk has it', async (t) => {
  const disk = new SlowDisk();
  const path = filePath(t);
  const node = await start(path, {
    writeMode: 'write-through',
    startThread: disk.startThread,
    commitTimeoutMs: 60_000,
  });
  await node.passUntil(node.call('ul_flush'));
  disk.holding = true;
  let answered = false;
  const answer = node.call('ul_add', add('sip:a@192.0.2.1')).finally(() => (answered = true));
  await node.passUntil(new Promise((resolve) => setImmediate(resolve)), 100);
  t.notOk(answered);
  disk.holding = false;
  disk.release();
  t.equal(await node.passUntil(answer), 'OK');
  await node.close();
});

t.test('while rows are being brought up to date, all who ask share the next time', async (t) => {
  const merges: (() => void)[] = [];
  const mergeNow = () => new Promise<void>((resolve) => merges.push(resolve));
  const store = { ...memoryOnlyStore, mergeNow };
  const settings = { useDomain: true, caseSensitive: true, realmPrefix: '' };
  const bindings = { find: (aor: string) => ({ aor, shown: [], nowMs: 0 }), all: () => [] };
  const call = miCaller(new CommandTable(ulDiskCommands({ bindings, settings, store, clock: new ManualClock() })));
  const answered: number[] = [];
  const calls = [0, 1, 2].map(async (index) => {
    await call('ul_flush');
    answered.push(index);
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  t.equal(merges.length, 1);
  merges[0]!();
  await turn();
  t.same(answered, [0], 'what came later may not be in the first one');
  t.equal(merges.length, 2);
  merges[1]!();
  await Promise.all(calls);
  t.equal(merges.length, 2);
});

t.test('ul_flush does not wait for ever for a disk that does not answer', async (t) => {
  const disk = new SlowDisk();
  const node = await start(filePath(t), { startThread: disk.startThread });
  await node.call('ul_add', add('sip:a@192.0.2.1'));
  disk.holding = true;
  const answer = await node.passUntil(node.call('ul_flush'), 500);
  t.match(answer, { code: 500, message: /not up to date after 30 s: the disk of .*; it goes on$/ });
  disk.holding = false;
  disk.release();
  t.equal(await node.passUntil(node.call('ul_flush')), 'OK', 'later it does');
  const several = [1, 2, 3].map(() => node.call('ul_flush'));
  t.same(await node.passUntil(Promise.all(several)), ['OK', 'OK', 'OK']);
  await node.close();
});
