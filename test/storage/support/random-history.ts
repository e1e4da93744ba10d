import type { NaiveTable } from './naive-table.ts';
import { someBinding, somePut } from './some-records.ts';

const USERS = 300;

/**
 * An endless, repeatable history of one table: new bindings, refreshes, moves, removals, judgements, floors, forgetting and
 * so the reuse of ids. What happens depends on the seed and on what the table holds, so two tables that begin alike
 * stay alike.
 */
export class RandomHistory {
  readonly #table: NaiveTable;
  #state: number;
  #nowMs: number;

  constructor(table: NaiveTable, seed: number) {
    this.#table = table;
    this.#state = seed * 2654435761;
    this.#nowMs = 1_000_000 * seed;
  }

  /** One change set. */
  play(): void {
    this.#nowMs++;
    const id = this.#below(USERS);
    const entry = this.#table.records.get(id);
    const user = `u${this.#below(10_000)}`;
    const chance = this.#below(100);
    if (entry === undefined) {
      this.#table.write(`${user}@d`, [[id, this.#put(user)]], chance < 5 ? this.#floor() : undefined);
      return;
    }
    const { aor, record } = entry;
    const version = { ...record.version, ms: this.#nowMs };
    if (chance < 70) {
      const callId = chance < 20 ? `call-${this.#nowMs}` : record.callId;
      this.#table.write(aor, [[id, { ...record, version, callId, cseq: record.cseq + 1 }]]);
    } else if (chance < 80) {
      this.#table.write(aor, [[id, { ...this.#put(user), key: record.key, contactUri: record.contactUri }]]);
    } else if (chance < 88) {
      const { key, sticky, contactUri, callId, cseq, expiresAtMs } = record;
      const kind = chance < 84 ? 'removed' : 'judged';
      this.#table.write(aor, [[id, { kind, key, version, sticky, contactUri, callId, cseq, expiresAtMs }]]);
    } else if (chance < 98) this.#table.forget(id);
    else this.#table.forgetFloor([...this.#table.floors.keys()][0] ?? '');
  }

  #put(user: string) {
    const binding = someBinding({
      received: `sip:127.0.0.${this.#below(250)}:5060`,
      userAgent: `phone/${this.#below(5)}`,
    });
    return somePut(user, this.#nowMs, { callId: `${user}-${this.#nowMs}`, binding });
  }

  #floor() {
    return {
      version: { ms: this.#nowMs, counter: 1, nodeId: 1, incarnation: 7 },
      callId: `floor-${this.#nowMs}`,
      cseq: 5,
    };
  }

  /** mulberry32 */
  #below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }
}
