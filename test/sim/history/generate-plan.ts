import { CONTACTS } from '../world/contacts.ts';
import { NODES, type NodeName } from '../world/node-name.ts';
import { SeededRandom } from '../world/seeded-random.ts';
import { randomEpisode } from './episodes.ts';
import type { Climate, Plan } from './plan.ts';
import type { ContactWish, DiskFate, PlannedEvent, Target, TimedEvent } from './planned-event.ts';

type Kind = PlannedEvent['kind'];

/** How often something happens, beside the others; each history leaves some of them out, so that the rest meets more often. */
const WEIGHTS: Readonly<Partial<Record<Kind, number>>> = {
  register: 30,
  star: 4,
  query: 4,
  'mi-add': 2,
  'mi-remove': 2,
  'mi-remove-all': 1,
  'cluster-sync': 1,
  vip: 4,
  role: 2,
  'pings-lost': 5,
  crash: 5,
  restart: 1,
  stop: 3,
  'disk-stall': 2,
  'wall-step': 2,
  cut: 5,
  freeze: 3,
  'half-close': 2,
  delay: 3,
  'slow-reader': 1,
  jump: 1,
};

/** Without them nothing can go wrong. */
const ALWAYS: ReadonlySet<Kind> = new Set(['register']);

const PHONES = 4;

/** A copy of a request comes so long after it at most (64·T1). */
const LATE_COPY_MOST_MS = 32_000;

/** One history out of a seed. */
export function generatePlan(seed: number): Plan {
  return new PlanMaker(seed).make();
}

class PlanMaker {
  readonly #seed: number;
  readonly #random: SeededRandom;
  readonly #kinds: readonly Kind[];
  readonly #aors: number;
  readonly #lateCopies: number;
  readonly #episodes: number;
  readonly #expiries: readonly (readonly [number, number])[];
  readonly #events: TimedEvent[] = [];
  #hasJumpedFar = false;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new SeededRandom(seed, 'plan');
    this.#kinds = this.#chosenKinds();
    this.#aors = this.#random.pick([1, 1, 1, 2, 3]);
    this.#lateCopies = this.#random.pick([0, 0.1, 0.4]);
    this.#episodes = this.#random.pick([0, 0, 0.05, 0.15]);
    this.#expiries = this.#random.pick([
      [[30, 4000]],
      [[1, 8]],
      [
        [1, 8],
        [30, 120],
        [3600, 3600],
        [86_400, 86_400],
      ],
    ]);
  }

  make(): Plan {
    const climate = this.#climate();
    const count = this.#random.between(6, 45);
    const isCrowded = this.#random.chance(0.03);
    const pace = this.#random.pick([200, 1000, 2500]);
    let atMs = Math.max(climate.startsAfterMs.A, climate.startsAfterMs.B) + this.#random.between(0, 2000);
    for (let made = 0; made < count; made++) {
      atMs += this.#gapMs(pace);
      if (isCrowded && this.#random.chance(0.1)) this.#add(atMs, this.#event('crowd'));
      else if (this.#random.chance(this.#episodes)) this.#addEpisode(atMs);
      else this.#add(atMs, this.#event(this.#random.pick(this.#kinds)));
    }
    this.#events.sort((a, b) => a.atMs - b.atMs || a.id - b.id);
    return { seed: this.#seed, climate, events: this.#events };
  }

  #addEpisode(fromMs: number): void {
    let atMs = fromMs;
    for (const { afterMs, event } of randomEpisode(this.#random, this.#random.pick(CONTACTS))) {
      atMs += afterMs;
      const id = this.#events.length;
      // A copy is of what the same episode did so many events before.
      this.#events.push({ id, atMs, event: event.kind === 'again' ? { ...event, of: id + event.of } : event });
      this.#hasJumpedFar ||= event.kind === 'jump';
    }
  }

  #add(atMs: number, event: PlannedEvent): void {
    const id = this.#events.length;
    this.#events.push({ id, atMs, event });
    const isRequest = event.kind === 'register' || event.kind === 'star';
    if (!isRequest || !this.#random.chance(this.#lateCopies)) return;
    const lateMs = this.#random.pick([0, 3, 500, 1000, 4000, LATE_COPY_MOST_MS]);
    const copy: PlannedEvent = { kind: 'again', of: id, to: this.#target() };
    this.#events.push({ id: id + 1, atMs: atMs + this.#random.between(0, lateMs), event: copy });
  }

  #climate(): Climate {
    const random = this.#random;
    const [leastMs, mostMs] = random.pick([
      [0.2, 1],
      [0.2, 1],
      [0.5, 20],
      [1, 150],
    ] as const);
    const offMs = random.pick([0, 2500, 2500, 5000, 25_000]);
    const ppm = random.pick([0, 0, 50, 300]);
    const later = random.pick([0, 0, 3000, 7000]);
    return {
      weather: { leastMs, mostMs, piecesMax: random.pick([1, 2, 6, 40]) },
      maxContacts: random.pick([0, 0, 2]),
      logBytesMax: random.pick([65_536, 65_536, 1500, 500]),
      wallOffsetMs: this.#perNode(() => random.between(-offMs, offMs)),
      driftPpm: this.#perNode(() => random.between(-ppm, ppm)),
      flushMostMs: random.pick([5, 60, 900]),
      active: random.pick(NODES),
      seed: random.pick(NODES),
      startsAfterMs: this.#perNode(() => random.between(0, later)),
    };
  }

  #perNode(value: () => number): Record<NodeName, number> {
    return { A: value(), B: value() };
  }

  /** Each kind as often as it weighs, but for those that this history leaves out. */
  #chosenKinds(): readonly Kind[] {
    const kinds: Kind[] = [];
    for (const [kind, weight] of Object.entries(WEIGHTS) as [Kind, number][]) {
      if (!ALWAYS.has(kind) && this.#random.chance(0.4)) continue;
      const often = ALWAYS.has(kind) ? weight : weight * this.#random.pick([1, 1, 3]);
      for (let count = 0; count < often; count++) kinds.push(kind);
    }
    return kinds;
  }

  /** Much happens at once, or within what a message takes, and now and then nothing for a while. */
  #gapMs(pace: number): number {
    const random = this.#random;
    const most = random.pick([4, 30, 30, 500, pace, pace, pace * 3, random.chance(0.1) ? 48_000 : pace]);
    return random.between(0, most);
  }

  #target(): Target {
    return this.#random.chance(0.75) ? { vip: this.#node() } : this.#node();
  }

  #node(): NodeName {
    return this.#random.pick(NODES);
  }

  #aor(): number {
    return this.#random.below(this.#aors);
  }

  #expiresS(): number {
    const [least, most] = this.#random.pick(this.#expiries);
    return this.#random.between(least, most);
  }

  #wishes(): readonly ContactWish[] {
    const random = this.#random;
    return Array.from({ length: random.pick([1, 1, 1, 2]) }, () => ({
      contact: random.pick(CONTACTS),
      otherwise: random.chance(0.15),
      expiresS: random.chance(0.25) ? 0 : this.#expiresS(),
    }));
  }

  /** What takes a while lasts for so long. */
  #forMs(): number {
    return this.#random.between(1, this.#random.pick([50, 600, 2500, 8000, 20_000]));
  }

  #event(kind: Kind): PlannedEvent {
    const random = this.#random;
    const node = this.#node();
    const aor = this.#aor();
    switch (kind) {
      case 'register':
        return { kind, phone: random.below(PHONES), aor, contacts: this.#wishes(), to: this.#target() };
      case 'star':
        return { kind, phone: random.below(PHONES), aor, to: this.#target() };
      case 'query':
        return { kind, aor, to: this.#target() };
      case 'again':
        return { kind, of: 0, to: this.#target() };
      case 'mi-add':
        return { kind, aor, contact: random.pick(CONTACTS), expiresS: random.pick([0, this.#expiresS()]), node };
      case 'mi-remove':
        return { kind, aor, contact: random.pick(CONTACTS), node };
      case 'mi-remove-all':
        return { kind, aor, node };
      case 'crowd':
        return { kind, node, count: random.between(20, 500), expiresS: random.pick([600, 30, 1]) };
      case 'cluster-sync':
        return { kind, node };
      case 'vip':
        return { kind, on: random.pick([['A'], ['B'], ['A', 'B']] as const) };
      case 'role':
        return { kind, node, active: random.chance(0.7) };
      case 'pings-lost':
        return { kind, node, aor, contact: random.pick(CONTACTS), judgedAfterMs: random.pick([1, 300, 3000]) };
      default:
        return this.#fault(kind, node);
    }
  }

  #fault(kind: Exclude<Kind, 'register' | 'star' | 'query' | 'again'>, node: NodeName): PlannedEvent {
    const random = this.#random;
    switch (kind) {
      case 'crash':
        return {
          kind,
          node,
          downMs: this.#forMs(),
          silently: random.chance(0.3),
          disk: this.#diskFate(),
          ...this.#stepWhileDown(),
        };
      case 'restart':
        return { kind, node, downMs: this.#forMs() };
      case 'stop':
        return { kind, node, forMs: this.#forMs(), sipFirst: random.chance(0.5) };
      case 'disk-stall':
        return { kind, node, forMs: random.pick([this.#forMs(), 55_000]) };
      case 'wall-step':
        return { kind, node, byMs: random.between(-5000, 5000) };
      case 'cut':
        return {
          kind,
          forMs: this.#forMs(),
          heardAfterMs: this.#perNode(() => random.between(0, random.pick([1, 100, 4000]))),
        };
      case 'freeze':
        return { kind, at: random.pick([['A'], ['B'], ['A', 'B'], ['A', 'B']] as const), forMs: this.#forMs() };
      case 'half-close':
        return { kind, node };
      case 'delay':
        return { kind, to: node, byMs: random.between(1, random.pick([50, 500, 1500])), forMs: this.#forMs() };
      case 'slow-reader':
        return { kind, node, bytesPerMs: random.pick([1, 10, 100]), forMs: this.#forMs() };
      case 'jump':
        return { kind, byMs: this.#jumpMs() };
      default:
        throw new Error(`no fault: ${kind}`);
    }
  }

  /** Past H once at most, or clocks drift too far apart. */
  #jumpMs(): number {
    const byMs = this.#random.pick(this.#hasJumpedFar ? [5000, 60_000] : [5000, 60_000, 3_700_000, 86_500_000]);
    this.#hasJumpedFar ||= byMs > 60_000;
    return byMs;
  }

  #diskFate(): DiskFate {
    return this.#random.pick(['kept', 'kept', 'kept', 'wiped', 'one-flush-old']);
  }

  #stepWhileDown(): { readonly wallStepMs?: number } {
    return this.#random.chance(0.2) ? { wallStepMs: this.#random.between(-3000, 3000) } : {};
  }
}
