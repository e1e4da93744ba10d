import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ChangeSet, CommittedChangeSet, Judgement, Order } from '../../../lib/location/change.ts';
import type { LocationSettings } from '../../../lib/location/location-table.ts';
import { LocationTable } from '../../../lib/location/location-table.ts';
import { PERMANENT } from '../../../lib/location/record.ts';
import { NaiveTable } from './naive-table.ts';
import {
  binding,
  HOUR,
  inKeyOrder,
  judgement,
  MINUTE,
  putOrder,
  removeOrder,
  SECOND,
  STAR,
  T0,
  version,
} from './states.ts';

export const AORS = ['alice@example.com', 'bob@example.com', 'carol@example.com'];
const CONTACTS = ['sip:a', 'sip:A', 'sip:b'];

/** One table beside its naive twin: whatever is done is done to both, and both must answer alike. */
export class Compared {
  readonly table: LocationTable;
  readonly naive: NaiveTable;
  readonly #ids = new Map<number, string>();
  #heard: { sets: CommittedChangeSet[]; expired: string[]; forgotten: string[]; floors: string[] };

  constructor(fields: LocationSettings) {
    this.table = new LocationTable(fields);
    this.naive = new NaiveTable(fields);
    this.#heard = this.#listen();
    this.table.clockAgreed();
  }

  commit(changeSet: ChangeSet, nowMs: number): void {
    const expected = this.naive.commit(changeSet, nowMs);
    const outcome = this.table.commit(changeSet, nowMs);
    if (typeof expected === 'string') {
      assert.ok('refused' in outcome);
      assert.equal(outcome.refused, expected);
      return;
    }
    this.#heardOf(changeSet.aor, expected);
    // As a reply shows it, before anybody else is asked for.
    const { aor } = changeSet;
    assert.deepEqual(this.table.live(this.table.read(aor), nowMs), this.naive.live(aor, nowMs));
  }

  merge(from: Compared, aor: string, nowMs: number): void {
    const state = from.table.read(aor);
    const expected = this.naive.merge(state, nowMs);
    this.table.merge(state, 'peer', nowMs);
    this.#heardOf(aor, expected);
  }

  /** This node alone hides a contact, at a version or at another one, shows it, or shows all. */
  hide({ aor, orders, kind }: Step): void {
    const { contact, kind: what } = orders[0]!;
    if (kind === 'show-hidden') {
      assert.equal(this.table.showHidden(), this.naive.hiddenHere.size);
      this.naive.hiddenHere.clear();
    } else if (kind === 'show') {
      assert.equal(this.table.showLocally(aor, contact), this.naive.hiddenHere.delete(`${aor} ${contact}`));
    } else {
      const version = this.naive.read(aor).records.find(({ key }) => key === contact)?.version ?? noVersion;
      const judged = what === 'judge-old' ? { ...version, counter: 9999 } : version;
      assert.equal(this.table.hideLocally(aor, contact, judged), this.naive.hide(aor, contact, judged));
    }
    assert.deepEqual(this.#taken().sets, []);
  }

  expire(nowMs: number): void {
    const expected = this.naive.expire(nowMs);
    assert.equal(this.table.expire(nowMs), false);
    const { expired, forgotten, floors } = this.#taken();
    assert.deepEqual(expired.sort(), expected.expired.sort());
    assert.deepEqual(forgotten.sort(), expected.forgotten.sort());
    assert.deepEqual(floors.sort(), expected.floors.sort());
    assert.deepEqual(this.table.statistics(), this.naive.statistics(nowMs));
  }

  /** What goes must have been droppable when it was noted, unchanged since, and droppable still. */
  dropDead(notedAtMs: number, between: () => void, nowMs: number): number {
    const noted = new Map([...this.naive.aors.keys()].map((aor) => [aor, this.naive.read(aor)]));
    const was = [...noted].flatMap(([aor, { records }]) =>
      records.filter(({ key }) => this.naive.isDroppable(aor, key, notedAtMs)).map((record) => ({ aor, record })),
    );
    const floors = [...noted.keys()].filter((aor) => this.naive.isFloorDroppable(aor, notedAtMs));
    const note = this.table.noteDead(notedAtMs);
    between();
    const dropped = note === undefined ? 0 : this.table.dropNoted(note, nowMs);
    const heard = this.#taken();
    for (const name of heard.forgotten) {
      const known = was.find(({ aor, record }) => `${aor} ${record.key}` === name);
      assert.ok(known !== undefined && this.naive.isDroppable(known.aor, known.record.key, nowMs), name);
      assert.ok(this.naive.read(known.aor).records.includes(known.record), `${name} unchanged`);
    }
    for (const name of heard.forgotten) this.naive.forget(...(name.split(' ') as [string, string]));
    for (const aor of heard.floors) {
      assert.ok(floors.includes(aor) && noted.get(aor)?.floor === this.naive.read(aor).floor, `floor of ${aor}`);
      this.naive.forgetFloor(aor);
    }
    assert.equal(dropped, heard.forgotten.length + heard.floors.length);
    return dropped;
  }

  /** Both hold and show the same, every record is found by its id, and what is counted without time is right. */
  check(nowMs: number): void {
    for (const aor of AORS) {
      const state = this.table.read(aor);
      assert.deepEqual(inKeyOrder(state), inKeyOrder(this.naive.read(aor)));
      assert.deepEqual(this.table.live(state, nowMs), this.naive.live(aor, nowMs));
    }
    const dumped = [...this.table.aors()].map(({ aor }) => aor).sort();
    assert.deepEqual(dumped, [...this.naive.aors.keys()].sort());
    const { records, aors, floors, expires } = this.naive.statistics(nowMs);
    assert.partialDeepStrictEqual(this.table.statistics(), { records, aors, floors, expires });
    this.#checkIds();
    this.#checkHidden(nowMs);
  }

  nothingIsDroppable(nowMs: number): void {
    for (const aor of this.naive.aors.keys()) {
      assert.ok(!this.naive.isFloorDroppable(aor, nowMs));
      for (const { key } of this.naive.read(aor).records) assert.ok(!this.naive.isDroppable(aor, key, nowMs), key);
    }
  }

  #checkIds(): void {
    let known = 0;
    for (let id = 0; id < this.table.recordIdLimit; id++) {
      const found = this.table.readRecord(id);
      assert.equal(found === undefined ? undefined : `${found.aor} ${found.record.key}`, this.#ids.get(id));
      if (found === undefined) continue;
      known++;
      assert.deepEqual(
        this.table.read(found.aor).records.find(({ key }) => key === found.record.key),
        found.record,
      );
      assert.equal(this.table.recordIdOf(found.aor, found.record.key), id);
    }
    assert.equal(known, this.#ids.size);
  }

  /** Also of states that are not the one that was read last. */
  #checkHidden(nowMs: number): void {
    assert.equal(this.table.hiddenCount, this.naive.hiddenHere.size);
    for (const state of AORS.map((aor) => this.table.read(aor))) {
      const live = this.table.live(state, nowMs);
      assert.deepEqual(live, this.naive.live(state.aor, nowMs));
      for (const { key } of state.records) {
        const id = this.table.recordIdOf(state.aor, key) ?? -1;
        assert.equal(
          this.table.readShown(id, nowMs)?.record.key === key,
          live.some((record) => record.key === key),
        );
        const isHidden = this.naive.hiddenHere.has(`${state.aor} ${key}`);
        assert.equal(
          this.table.readHidden(id, nowMs) !== undefined,
          isHidden && this.naive.wouldShow(state.aor, key, nowMs),
        );
      }
    }
  }

  #heardOf(aor: string, { keys, floor }: { keys: string[]; floor: boolean }): void {
    const { sets } = this.#taken();
    if (keys.length === 0 && !floor) {
      assert.deepEqual(sets, []);
      return;
    }
    assert.equal(sets.length, 1);
    assert.equal(sets[0]!.aor, aor);
    assert.deepEqual(sets[0]!.writes.map(({ after }) => after.key).sort(), keys.sort());
    assert.deepEqual(sets[0]!.floor, floor ? this.naive.read(aor).floor : undefined);
  }

  #listen(): { sets: CommittedChangeSet[]; expired: string[]; forgotten: string[]; floors: string[] } {
    this.table.addListener({
      committed: (set) => {
        this.#heard.sets.push(set);
        for (const { recordId, before, after } of set.writes) {
          assert.equal(this.#ids.get(recordId), before === undefined ? undefined : `${set.aor} ${after.key}`);
          this.#ids.set(recordId, `${set.aor} ${after.key}`);
        }
      },
      expired: (aor, record) => this.#heard.expired.push(`${aor} ${record.key}`),
      forgotten: (aor, recordId) => {
        this.#heard.forgotten.push(this.#ids.get(recordId) ?? `${aor} unknown id ${recordId}`);
        this.#ids.delete(recordId);
      },
      floorForgotten: (aor) => this.#heard.floors.push(aor),
    });
    return { sets: [], expired: [], forgotten: [], floors: [] };
  }

  #taken(): { sets: CommittedChangeSet[]; expired: string[]; forgotten: string[]; floors: string[] } {
    const taken = this.#heard;
    this.#heard = { sets: [], expired: [], forgotten: [], floors: [] };
    return taken;
  }
}

const order = fc.record({
  kind: fc.constantFrom('put', 'put', 'put', 'permanent', 'remove', 'floor', 'judge', 'judge-old'),
  contact: fc.constantFrom(...CONTACTS),
  lifetimeMs: fc.constantFrom(0, 700, 60 * SECOND, HOUR, 30 * HOUR),
  q: fc.constantFrom(-1, 0, 1000),
  text: fc.constantFrom('', 'short', 'a text that is a good deal longer than the other one'),
});

const KINDS = ['commit', 'commit', 'commit', 'merge', 'expire', 'drop', 'hide', 'hide', 'show', 'show-hidden'] as const;
const FORWARD = [0, 0, 1, 300, SECOND, 41 * SECOND, HOUR, 25 * HOUR];

function stepAfter(...waitsMs: number[]) {
  return fc.record({
    node: fc.nat(1),
    aor: fc.constantFrom(...AORS),
    waitMs: fc.constantFrom(...waitsMs),
    kind: fc.constantFrom(...KINDS),
    orders: fc.array(order, { minLength: 1, maxLength: 3 }),
  });
}

export const step = stepAfter(...FORWARD);
/** Time goes back, too: by so much that all is looked at again. */
export const stepAnywhen = stepAfter(...FORWARD, -MINUTE, -HOUR, -5 * 24 * HOUR);

export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const noVersion = version(0);

function changesOf(at: Compared, { aor, orders }: Step, nowMs: number): (Order | Judgement)[] {
  return orders.flatMap(({ kind, contact, lifetimeMs, q, text }): readonly (Order | Judgement)[] => {
    const record = at.table.read(aor).records.find(({ key }) => key === contact);
    if (kind === 'floor') return [STAR];
    if (kind === 'remove') return [removeOrder(contact)];
    if (kind === 'judge') return record === undefined ? [] : [judgement(record)];
    if (kind === 'judge-old') {
      return record === undefined ? [] : [judgement({ ...record, version: { ...record.version, counter: 9999 } })];
    }
    const fields = { callId: `call ${text}`, binding: binding({ q, received: text, userAgent: `phone ${text}` }) };
    return [putOrder(contact, kind === 'permanent' ? PERMANENT : nowMs + lifetimeMs, fields)];
  });
}

export function run(
  nodes: readonly [Compared, Compared],
  steps: readonly Step[],
  also: (at: Compared) => void = () => undefined,
): number {
  let nowMs = T0;
  for (const each of steps) {
    nowMs += each.waitMs;
    const at = nodes[each.node]!;
    const commit = (): void => at.commit({ aor: each.aor, origin: 'sip', changes: changesOf(at, each, nowMs) }, nowMs);
    if (each.kind === 'commit') commit();
    else if (each.kind === 'merge') at.merge(nodes[1 - each.node]!, each.aor, nowMs);
    else if (each.kind === 'drop') at.dropDead(nowMs, commit, (nowMs += SECOND));
    else if (each.kind !== 'expire') at.hide(each);
    at.check(nowMs);
    if (each.kind === 'expire') at.expire(nowMs);
    at.check(nowMs);
    also(at);
  }
  return nowMs;
}

export const rules = fc.record({ maxContacts: fc.constantFrom(0, 1, 2), descTimeOrder: fc.boolean() });
export const limits = fc.record({ recordsPerAorMax: fc.constantFrom(2, 256), aorsMax: fc.constantFrom(2, 1000) });
