import t from 'tap';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { HORIZON_MS } from '../../lib/location/horizon.ts';
import type { LocationRecord } from '../../lib/location/record.ts';
import { VERSION_MS_MAX } from '../../lib/location/version.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { inProcessThread } from './support/in-process-thread.ts';
import { ManualClock } from '../support/manual-clock.ts';
import type { NaiveTable } from './support/naive-table.ts';
import { flushed, openStore, readBack } from './support/open-store.ts';
import type { OpenStore } from './support/open-store.ts';
import { someBinding, somePut } from './support/some-records.ts';

const GROUP_COMMIT_MS = 10;
const STEP_MS = 100;
/** The regular flush comes with the step that is nearest to a second after the last one, at most half a step late. */
const REGULAR_FLUSH_MS = 1000 + STEP_MS / 2;

/** Octets as phones may send them: plain, UTF-8, broken, with a NUL, long. */
const octets = fc.oneof(
  fc.constantFrom(
    '',
    'sip:alice@127.0.0.1',
    'q"\'; --',
    '\u00c3\u00bc',
    '\u00ff\u00fe',
    'a\0b',
    '\u00ef\u00bb\u00bf',
    '@',
    '@@',
  ),
  // Without line ends, which no header's value has and a start therefore takes for tampering.
  fc.uint8Array({ maxLength: 30 }).map((bytes) =>
    Buffer.from(bytes)
      .toString('latin1')
      .replace(/[\r\n]/g, ' '),
  ),
  fc.integer({ min: 250, max: 700 }).map((length) => 'x'.repeat(length)),
);
const u32 = fc.oneof(fc.constantFrom(0, 1, 0xffff_ffff), fc.nat({ max: 0xffff_ffff }));
const version = fc.record({
  ms: fc.oneof(
    fc.constantFrom(1, 0xffff_ffff, 0x1_0000_0000, VERSION_MS_MAX),
    fc.integer({ min: 1, max: VERSION_MS_MAX }),
  ),
  counter: fc.nat({ max: 0xffff }),
  nodeId: fc.integer({ min: 1, max: 0xffff }),
  incarnation: u32,
});
const binding = fc.record({
  q: fc.integer({ min: -1, max: 1000 }),
  received: octets,
  path: octets,
  instance: octets,
  userAgent: octets,
  socket: octets,
  methods: u32,
  flags: fc.constantFrom(0, 0, 0, 1, 4),
  cflags: octets,
  attr: octets,
});
const base = {
  key: octets,
  contactUri: octets,
  version,
  sticky: fc.boolean(),
  callId: octets,
  cseq: u32,
  expiresAtMs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 0, max: 2 ** 48 - 2 })),
};
const record: fc.Arbitrary<LocationRecord> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), ...base, binding }),
  fc.record({ kind: fc.constantFrom('removed' as const, 'judged' as const), ...base }),
);

/** As the table writes it: nothing lives longer than H, unless it is permanent and says so. */
function lawful(record: LocationRecord): LocationRecord {
  const { version, expiresAtMs, sticky } = record;
  const isPermanent = expiresAtMs === Number.POSITIVE_INFINITY;
  const latestMs = isPermanent ? expiresAtMs : Math.min(expiresAtMs, version.ms + HORIZON_MS);
  return { ...record, expiresAtMs: latestMs, sticky: sticky || isPermanent };
}

/** What may happen; `which` picks a record or an AoR among those that are there. */
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('add' as const), aor: octets, record }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('refresh' as const), which: fc.nat(), version, callId: octets, cseq: u32 }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('replace' as const), which: fc.nat(), record }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(),
      kind: fc.constantFrom('removed' as const, 'judged' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('forget' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('floor' as const), aor: octets, version, callId: octets, cseq: u32 }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget floor' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('merge' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);
type Action = (typeof action extends fc.Arbitrary<infer A> ? A : never) & object;

t.test('whatever happens in the table, a start gives what the last flush held', async (t) => {
  const folder = tempFolder(t);
  let run = 0;
  const property = fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 60 }), async (actions) => {
    const path = join(folder, `run-${run++}.db`);
    const history = new History(path);
    await history.open();
    for (const next of actions) await history.play(next);
    await history.close();
    return history.differences.length === 0;
  });
  await t.resolves(fc.assert(property, { numRuns: 60, endOnFailure: true }));
});

t.test('the regular flush comes at most half a step late, whenever the last one was', async (t) => {
  const clock = new ManualClock();
  const options = { clock, startThread: inProcessThread, writeMode: 'write-through' } as const;
  const { table, store } = await openStore(join(tempFolder(t), 'regular.db'), options);
  const late: number[] = [];
  for (let phaseMs = 0; phaseMs < STEP_MS; phaseMs += GROUP_COMMIT_MS) {
    table.write('a@d', [[0, somePut('a', 1000 + phaseMs)]]);
    const written = flushed(store);
    clock.advance(GROUP_COMMIT_MS);
    await written;
    const { seq } = store.status();
    const again = flushed(store);
    clock.advance(REGULAR_FLUSH_MS);
    if (store.status().seq === seq) late.push(phaseMs);
    clock.advance(STEP_MS);
    await again;
  }
  t.same(late, []);
  await store.close();
});

t.test('a slot that is given again never shows what it held before', async (t) => {
  const path = join(tempFolder(t), 'reuse.db');
  const clock = new ManualClock();
  const { table, store } = await openStore(path, { clock, startThread: inProcessThread, writeMode: 'write-through' });
  const flush = async (): Promise<void> => {
    const done = flushed(store);
    clock.advance(GROUP_COMMIT_MS);
    await done;
  };
  table.write('a@d', [[0, somePut('a', 1000)]]);
  await flush();
  table.write('a@d', [[0, somePut('a', 2000, { callId: 'another', cseq: 7 })]]);
  await flush();
  table.forget(0);
  table.write('b@d', [[0, somePut('b', 500)]]);
  await flush();
  table.write('b@d', [[0, somePut('b', 600, { cseq: 2 })]]);
  await flush();
  const copy = copyOfFile(path, 'copy');
  t.same((await readBack(copy)).contents(), table.contents());
  await store.close();
});

t.test('the merge may stand anywhere when the node crashes, also when it has crashed before', async (t) => {
  const records = 350;
  const clock = new ManualClock();
  let path = join(tempFolder(t), 'merge.db');
  let open = await openStore(path, { clock, startThread: inProcessThread, writeMode: 'write-through' });
  for (let id = 0; id < records; id++) open.table.write(`u${id}@d`, [[id, somePut(`u${id}`, 1000)]]);
  const differences: string[] = [];
  for (let round = 1; round <= 24; round++) {
    const touched = round % 5 === 0 ? [] : Array.from({ length: 150 }, (_, i) => (round * 97 + i * 7) % records);
    for (const id of touched) {
      const put = somePut(`u${id}`, 1000 + round, { cseq: round, callId: round % 3 === 0 ? `new-${round}` : `u${id}` });
      open.table.write(`u${id}@d`, [[id, put]]);
    }
    const done = flushed(open.store);
    // One commit, then one step of the merge, which is part of the next commit.
    clock.advance(touched.length > 0 ? STEP_MS : REGULAR_FLUSH_MS);
    await done;
    const copy = copyOfFile(path, `copy-${round}`);
    if (JSON.stringify((await readBack(copy)).contents()) !== JSON.stringify(open.table.contents()))
      differences.push(`round ${round}`);
    if (round % 4 !== 0) continue;
    const before = open.store;
    path = copyOfFile(path, `crash-${round}`);
    open = await openStore(path, { clock, startThread: inProcessThread, writeMode: 'write-through' });
    await before.close();
  }
  t.same(differences, []);
  t.ok(open.store.status().recordsBehind < records, 'and it goes on merging');
  await open.store.close();
});

t.test('a binding marked memory-only leaves nothing in the file, not even where it was before', async (t) => {
  const path = join(tempFolder(t), 'memory-only.db');
  const clock = new ManualClock();
  const { table, store } = await openStore(path, { clock, startThread: inProcessThread });
  const memoryOnly = someBinding({ flags: 1 });
  table.write('a@d', [[0, somePut('a', 1000)]]);
  table.write('b@d', [[1, somePut('b', 1000, { binding: memoryOnly })]]);
  table.write('a@d', [[0, somePut('a', 2000, { binding: memoryOnly })]]);
  table.write('c@d', [[2, somePut('c', 1000, { binding: memoryOnly })]]);
  const { binding: _, ...ended } = somePut('c', 3000);
  table.write('c@d', [[2, { ...ended, kind: 'removed' }]]);
  await store.close();
  t.same([...(await readBack(path)).records.values()], [{ aor: 'c@d', record: { ...ended, kind: 'removed' } }]);
});

/** Plays actions on a store, and reads the file back at each crash and restart. */
class History {
  readonly differences: string[] = [];
  readonly #path: string;
  readonly #clock = new ManualClock();
  #open: OpenStore | undefined;
  #copies = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async open(): Promise<void> {
    this.#open = await openStore(this.#path, {
      clock: this.#clock,
      startThread: inProcessThread,
      writeMode: 'write-through',
    });
  }

  async play(next: Action): Promise<void> {
    const { table } = this.#current();
    switch (next.do) {
      case 'add':
        return table.write(next.aor, [[-1, lawful(next.record)]]);
      case 'floor':
        return table.write(next.aor, [], { version: next.version, callId: next.callId, cseq: next.cseq });
      case 'refresh':
      case 'replace':
      case 'end':
      case 'forget':
        return this.#change(table, next);
      case 'forget floor': {
        const aors = [...table.floors.keys()];
        return table.forgetFloor(aors[next.which % aors.length] ?? '');
      }
      case 'flush':
        return this.#flush(GROUP_COMMIT_MS);
      case 'merge':
        return this.#flush(STEP_MS);
      case 'crash':
        return this.#crash();
      case 'restart':
        return this.#restart();
    }
  }

  async close(): Promise<void> {
    await this.#restart();
    await this.#current().store.close();
    if (hasUnnamedProfiles(this.#path)) this.differences.push('a profile that no record names');
  }

  #change(table: NaiveTable, next: Extract<Action, { readonly do: 'refresh' | 'replace' | 'end' | 'forget' }>): void {
    const ids = [...table.records.keys()];
    const id = ids[next.which % ids.length];
    const entry = id === undefined ? undefined : table.records.get(id);
    if (id === undefined || entry === undefined) return;
    const { aor, record } = entry;
    switch (next.do) {
      case 'refresh':
        return table.write(aor, [
          [id, lawful({ ...record, version: next.version, callId: next.callId, cseq: next.cseq })],
        ]);
      case 'replace':
        return table.write(aor, [[id, lawful({ ...next.record, key: record.key })]]);
      case 'end': {
        const { key, version, sticky, contactUri, callId, cseq, expiresAtMs } = record;
        return table.write(aor, [
          [id, { kind: next.kind, key, version, sticky, contactUri, callId, cseq, expiresAtMs }],
        ]);
      }
      case 'forget':
        return table.forget(id);
    }
  }

  async #flush(advanceMs: number): Promise<void> {
    const { store } = this.#current();
    const done = flushed(store);
    this.#clock.advance(advanceMs);
    // Where nothing has changed only the regular flush comes.
    this.#clock.advance(store.status().pending === 0 ? REGULAR_FLUSH_MS : 0);
    await done;
  }

  /** What lies in the folder at this moment is what a crash would leave. */
  async #crash(): Promise<void> {
    await this.#flush(GROUP_COMMIT_MS);
    const copy = copyOfFile(this.#path, `copy-${this.#copies++}`);
    this.#compare('after a crash', await readBack(copy));
  }

  async #restart(): Promise<void> {
    const before = this.#current().table;
    await this.#current().store.close();
    await this.open();
    this.#compare('after a restart', this.#current().table, before);
  }

  #compare(when: string, found: NaiveTable, wanted = this.#current().table): void {
    const stored = [...wanted.records].filter(([, entry]) => !isMemoryOnly(entry.record));
    const expected = wanted
      .contents()
      .filter((line) => line.startsWith('floor') || stored.some(([id]) => line.startsWith(`${id} `)));
    const actual = found.contents();
    if (JSON.stringify(expected) === JSON.stringify(actual)) return;
    this.differences.push(when);
    t.comment(when, {
      missing: expected.filter((line) => !actual.includes(line)),
      extra: actual.filter((line) => !expected.includes(line)),
    });
  }

  #current(): OpenStore {
    if (this.#open === undefined) throw new Error('not open');
    return this.#open;
  }
}

function isMemoryOnly(record: LocationRecord): boolean {
  return record.kind === 'put' && (record.binding.flags & 1) !== 0;
}

function hasUnnamedProfiles(path: string): boolean {
  const db = new Database(path, { readonly: true });
  const found = db.prepare('SELECT 1 FROM prof WHERE id NOT IN (SELECT prof FROM cold WHERE prof IS NOT NULL)').get();
  db.close();
  return found !== undefined;
}

function copyOfFile(path: string, name: string): string {
  const copy = `${path}.${name}`;
  copyFileSync(path, copy);
  copyFileSync(`${path}-wal`, `${copy}-wal`);
  return copy;
}
