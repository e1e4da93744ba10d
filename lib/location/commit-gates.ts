import { invariant } from '../core/errors.ts';
import type { CommitGate, GateName } from './ports.ts';

export interface NamedGate {
  readonly name: GateName;
  readonly gate: CommitGate;
}

/**
 * Several gates as one: `done` when all have let the change pass. Nothing is allocated while the gates answer at once,
 * which is what they do on every request of a node without a twin; waits under way are bounded by what the gates hold.
 */
export class CommitGates implements CommitGate {
  readonly #gates: readonly NamedGate[];
  readonly #idle: Wait[] = [];

  constructor(gates: readonly NamedGate[]) {
    this.#gates = gates;
  }

  settle(aor: string, done: () => void, held?: (by: GateName) => void): void {
    const only = this.#gates[0];
    if (only === undefined) {
      done();
      return;
    }
    if (this.#gates.length === 1) {
      settleOne(only, aor, done, held);
      return;
    }
    const wait = this.#idle.pop() ?? new Wait(this.#idle);
    wait.begin(this.#gates.length, done);
    for (const gate of this.#gates) settleOne(gate, aor, wait.pass, held);
  }
}

function settleOne({ name, gate }: NamedGate, aor: string, done: () => void, held?: (by: GateName) => void): void {
  if (held === undefined) {
    gate.settle(aor, done);
    return;
  }
  const change = { isThrough: false };
  gate.settle(aor, () => {
    change.isThrough = true;
    done();
  });
  if (!change.isThrough) held(name);
}

/** One reply that waits for all gates; used again and again. */
class Wait {
  readonly pass: () => void;
  readonly #idle: Wait[];
  #left = 0;
  #done: () => void = nothing;

  constructor(idle: Wait[]) {
    this.#idle = idle;
    this.pass = () => {
      this.#passOne();
    };
  }

  begin(gates: number, done: () => void): void {
    this.#left = gates;
    this.#done = done;
  }

  #passOne(): void {
    invariant(this.#left > 0, 'a gate lets each change pass once');
    this.#left--;
    if (this.#left > 0) return;
    const done = this.#done;
    this.#done = nothing;
    this.#idle.push(this);
    done();
  }
}

function nothing(): void {
  // Stands where no reply waits.
}
