import { SimWorld } from '../world/sim-world.ts';
import { CONTACTS } from '../world/contacts.ts';
import type { NodeName } from '../world/node-name.ts';
import { CALM, type Climate, type Plan } from './plan.ts';
import type {
  ContactName,
  ContactWish,
  DiskFate,
  NodeFault,
  OperatorEvent,
  PlannedEvent,
  Target,
  TimedEvent,
} from './planned-event.ts';

/** Both nodes have been in sync, and synced, for a while, and both disks have had a flush. */
export const BEGINS_MS = 6000;

/** For so long clocks must have met until nothing is left of what they said before. */
export const CLOCKS_SETTLED_MS = 16_000;

/** A contact in a request: its name, `c2'` for its other spelling, `-c2` to remove it. */
type Wish = ContactName | `${ContactName}'` | `-${ContactName}` | `-${ContactName}'`;

interface Sent {
  /** Who sends it; each phone has a Call-ID of its own. Default 0. */
  readonly phone?: number;
  readonly aor?: number;
  /** Default 3600. */
  readonly expiresS?: number;
}

/** What both nodes show in the end. */
export interface StoryEnd {
  /** What broke the promise, or undefined. */
  readonly fault: string | undefined;
  /** Contacts of the first AoR that node A shows, and so does B. */
  readonly shown: readonly ContactName[];
  readonly trace: readonly string[];
}

/** A history told event by event, for one that somebody thought of. Everything heals at its end. */
export class Story {
  readonly #climate: Climate;
  readonly #events: TimedEvent[] = [];
  #nowMs = BEGINS_MS;

  constructor(climate: Partial<Climate> = {}) {
    this.#climate = { ...CALM, ...climate };
  }

  wait(ms: number): this {
    this.#nowMs += ms;
    return this;
  }

  register(to: Target, wishes: readonly Wish[], { phone = 0, aor = 0, expiresS = 3600 }: Sent = {}): this {
    return this.#add({ kind: 'register', phone, aor, contacts: wishes.map((wish) => wishOf(wish, expiresS)), to });
  }

  star(to: Target, { phone = 0, aor = 0 }: Sent = {}): this {
    return this.#add({ kind: 'star', phone, aor, to });
  }

  query(to: Target): this {
    return this.#add({ kind: 'query', aor: 0, to });
  }

  /** The first request once more; with `back`, the one so many events ago. */
  again(to: Target, back: number): this {
    return this.#add({ kind: 'again', of: this.#events.length - back, to });
  }

  /** `ul_add`; without `expiresS` for ever. */
  add(node: NodeName, contact: ContactName, expiresS = 0): this {
    return this.#add({ kind: 'mi-add', aor: 0, contact, expiresS, node });
  }

  remove(node: NodeName, contact: ContactName): this {
    return this.#add({ kind: 'mi-remove', aor: 0, contact, node });
  }

  operate(event: OperatorEvent): this {
    return this.#add(event);
  }

  losePings(node: NodeName, contact: ContactName, judgedAfterMs = 1): this {
    return this.#add({ kind: 'pings-lost', node, aor: 0, contact, judgedAfterMs });
  }

  role(node: NodeName, active: boolean): this {
    return this.#add({ kind: 'role', node, active });
  }

  cut(forMs: number): this {
    return this.#add({ kind: 'cut', forMs, heardAfterMs: { A: 0, B: 0 } });
  }

  freeze(at: readonly NodeName[], forMs: number): this {
    return this.#add({ kind: 'freeze', at, forMs });
  }

  halfClose(node: NodeName): this {
    return this.#add({ kind: 'half-close', node });
  }

  delay(to: NodeName, byMs: number, forMs: number): this {
    return this.#add({ kind: 'delay', to, byMs, forMs });
  }

  crash(node: NodeName, downMs: number, disk: DiskFate = 'kept', wallStepMs = 0): this {
    return this.#add({ kind: 'crash', node, downMs, disk, wallStepMs });
  }

  fault(event: NodeFault): this {
    return this.#add(event);
  }

  jump(byMs: number): this {
    return this.#add({ kind: 'jump', byMs });
  }

  /** Runs it, and lets everything heal. */
  tell(seed = 1): StoryEnd {
    const events = this.#events;
    const last: TimedEvent = { id: events.length, atMs: this.#nowMs, event: { kind: 'query', aor: 7, to: 'A' } };
    const plan: Plan = { seed, climate: this.#climate, events: [...events, last] };
    const world = new SimWorld(plan, true);
    try {
      world.run();
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error), shown: [], trace: world.trace.lines };
    }
    const [a] = world.both;
    const names = world.oracle.shown(a, 'u0@example.com').map((text) => text.slice(0, 2));
    return { fault: undefined, shown: CONTACTS.filter((name) => names.includes(name)), trace: world.trace.lines };
  }

  #add(event: PlannedEvent): this {
    this.#events.push({ id: this.#events.length, atMs: this.#nowMs, event });
    return this;
  }
}

function wishOf(wish: Wish, expiresS: number): ContactWish {
  const isRemoval = wish.startsWith('-');
  const name = wish.replace('-', '').replace("'", '') as ContactName;
  return { contact: name, otherwise: wish.endsWith("'"), expiresS: isRemoval ? 0 : expiresS };
}
