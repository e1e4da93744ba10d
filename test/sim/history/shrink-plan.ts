import { CALM, type Climate, type Plan } from './plan.ts';
import type { TimedEvent } from './planned-event.ts';

/** A failed history is run anew so often at most to find a shorter one. */
const RUNS_MAX = 1500;

/** Pauses between events are cut down to at most this, where the failure does not need them. */
const PAUSE_MS = 100;

/**
 * Finds a shorter plan that fails, too: takes out events, many at once and then one by one; makes the climate calm; and
 * shortens what is waited for. The failure may become another one, which is as good.
 */
export class PlanShrinker {
  readonly #fails: (plan: Plan) => boolean;
  #runs = 0;

  constructor(fails: (plan: Plan) => boolean) {
    this.#fails = fails;
  }

  shrink(plan: Plan): Plan {
    let shortest = plan;
    for (let before = -1; before !== size(shortest);) {
      before = size(shortest);
      shortest = this.#shorterPauses(this.#calmer(this.#fewerEvents(shortest)));
    }
    return shortest;
  }

  #stillFails(plan: Plan): boolean {
    return this.#runs++ < RUNS_MAX && this.#fails(plan);
  }

  /** Delta debugging: halves, quarters, and so on down to single events. */
  #fewerEvents(plan: Plan): Plan {
    let { events } = plan;
    for (let length = Math.ceil(events.length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2)) {
      for (let from = 0; from < events.length;) {
        const fewer = [...events.slice(0, from), ...events.slice(from + length)];
        if (this.#stillFails({ ...plan, events: fewer })) events = fewer;
        else from += length;
      }
    }
    return { ...plan, events };
  }

  #calmer(plan: Plan): Plan {
    let { climate } = plan;
    for (const name of Object.keys(CALM) as (keyof Climate)[]) {
      if (JSON.stringify(climate[name]) === JSON.stringify(CALM[name])) continue;
      const calmer: Climate = { ...climate, [name]: CALM[name] };
      if (this.#stillFails({ ...plan, climate: calmer })) climate = calmer;
    }
    return { ...plan, climate };
  }

  #shorterPauses(plan: Plan): Plan {
    let { events } = plan;
    for (let index = 0; index < events.length; index++) {
      const pauseMs = (events[index]?.atMs ?? 0) - (events[index - 1]?.atMs ?? 0);
      if (pauseMs <= 2 * PAUSE_MS) continue;
      const sooner = moved(events, index, PAUSE_MS - pauseMs);
      if (this.#stillFails({ ...plan, events: sooner })) events = sooner;
    }
    return { ...plan, events };
  }
}

function moved(events: readonly TimedEvent[], from: number, byMs: number): readonly TimedEvent[] {
  return events.map((event, index) => (index < from ? event : { ...event, atMs: event.atMs + byMs }));
}

function size({ events, climate }: Plan): number {
  const lastMs = events.at(-1)?.atMs ?? 0;
  return JSON.stringify(climate).length + JSON.stringify(events).length * 1000 + lastMs;
}
