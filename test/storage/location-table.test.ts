import t from 'tap';
import { join } from 'node:path';
import fc from 'fast-check';
import type { ChangeSet, Order } from '../../lib/location/change.ts';
import { LocationTable } from '../../lib/location/location-table.ts';
import type { LocationSettings } from '../../lib/location/location-table.ts';
import type { LocationStore } from '../../lib/storage/location-store.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { inProcessThread } from './support/in-process-thread.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { openFile } from './support/open-store.ts';
import { canonical } from './support/naive-table.ts';
import { someBinding } from './support/some-records.ts';

const SETTINGS: LocationSettings = {
  nodeId: 1,
  incarnation: 7,
  maxContacts: 0,
  descTimeOrder: false,
  recordsPerAorMax: 20,
  aorsMax: 1000,
  sameContact: (a, b) => a === b,
};
const START_MS = 1_800_000_000_000;
/** H and its margin: after that everything is forgotten. */
const HORIZON_MS = 86_400_000 + 90_000;

const aor = fc.constantFrom('a@d', 'b@d', 'c@d', 'd@d', 'e@d');
const contact = fc.integer({ min: 1, max: 4 }).map((n) => `sip:phone@127.0.0.${n}`);
const put = fc.record({
  contact,
  lifetimeS: fc.integer({ min: 1, max: 7200 }),
  received: fc.constantFrom('', 'sip:1.2.3.4'),
});
const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('put' as const), aor, puts: fc.array(put, { minLength: 1, maxLength: 3 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), aor, contact }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove all' as const), aor }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('judge' as const), aor, which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1000, 60_000, HORIZON_MS) }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'restart' as const }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

t.test('the location table comes back from its file as it was, request after request', async (t) => {
  const folder = tempFolder(t);
  let run = 0;
  const property = fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 50 }), async (actions) => {
    const node = new Node(join(folder, `run-${run++}.db`));
    await node.start();
    for (const next of actions) if (!(await node.play(next))) return false;
    return node.play({ do: 'restart' });
  });
  await t.resolves(fc.assert(property, { numRuns: 15, endOnFailure: true }));
});

/** One node's table and file; a restart is a clean stop and a start from the file alone. */
class Node {
  readonly #path: string;
  readonly #clock = new ManualClock(START_MS);
  #table = new LocationTable(SETTINGS);
  #store: LocationStore | undefined;
  #cseq = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async start(): Promise<void> {
    const file = await openFile(this.#path, { clock: this.#clock, startThread: inProcessThread });
    const table = new LocationTable(SETTINGS);
    await file.load(table, { forgetBeforeMs: 0 });
    this.#store = file.start({ table, clusterNowMs: () => this.#clock.wallMs() });
    table.addListener(this.#store);
    this.#table = table;
  }

  /** False when a restart did not give what was there before. */
  async play(next: Action): Promise<boolean> {
    switch (next.do) {
      case 'put':
        this.#commit(
          next.aor,
          next.puts.map((one) => this.#put(one.contact, one.lifetimeS, one.received)),
        );
        return true;
      case 'remove':
        this.#commit(next.aor, [
          { kind: 'remove', key: next.contact, contactUri: next.contact, callId: 'r', cseq: ++this.#cseq },
        ]);
        return true;
      case 'remove all':
        this.#commit(next.aor, [{ kind: 'floor', callId: 'f', cseq: ++this.#cseq }]);
        return true;
      case 'judge':
        this.#judge(next.aor, next.which);
        return true;
      case 'wait':
        this.#clock.jump(next.ms);
        this.#table.expire(this.#clock.wallMs());
        return true;
      case 'restart': {
        const before = this.#contents();
        await this.#store?.close();
        await this.start();
        return before === this.#contents();
      }
    }
  }

  #put(contactUri: string, lifetimeS: number, received: string): Order {
    const expiresAtMs = this.#clock.wallMs() + lifetimeS * 1000;
    const cseq = ++this.#cseq;
    return {
      kind: 'put',
      key: contactUri,
      contactUri,
      callId: `c${cseq % 3}`,
      cseq,
      expiresAtMs,
      binding: someBinding({ received }),
    };
  }

  #judge(aor: string, which: number): void {
    const { records } = this.#table.read(aor);
    const record = records[which % records.length];
    if (record === undefined) return;
    this.#commit(aor, [{ kind: 'judge', key: record.key, version: record.version, reason: 'pings-lost' }]);
  }

  #commit(aor: string, changes: ChangeSet['changes']): void {
    this.#table.commit({ aor, origin: 'sip', changes }, this.#clock.wallMs());
  }

  #contents(): string {
    const states = [...this.#table.aors()].map((state) => {
      const records = state.records.map(canonical).sort();
      return `${state.aor} ${canonical({ floor: state.floor })} ${records.join(' ')}`;
    });
    return states.sort().join('\n');
  }
}
