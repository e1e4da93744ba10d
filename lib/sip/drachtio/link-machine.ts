/** What happens to the connection. Time is counted in ticks: a late one, after a standstill of this process, counts once. */
export type LinkInput =
  | { readonly kind: 'opened' }
  /** The connection is gone, or could not be opened. */
  | { readonly kind: 'closed'; readonly reason: string }
  /** Octets came in. To be told before what they say. */
  | { readonly kind: 'heard' }
  | { readonly kind: 'answer'; readonly id: string; readonly isOk: boolean; readonly words: readonly string[] }
  /** `isOwed`: the server has not acknowledged what it was sent for too long. */
  | { readonly kind: 'tick'; readonly isOwed: boolean };

export type LinkEffect =
  | { readonly kind: 'send'; readonly order: LinkOrder }
  | { readonly kind: 'close'; readonly reason: string }
  | { readonly kind: 'ready'; readonly facts: ServerFacts }
  | { readonly kind: 'lost'; readonly reason: string }
  /** The server is heard again after it stood still for so long: what it hands over now may have waited. */
  | { readonly kind: 'woke'; readonly silentMs: number };

export type LinkOrder =
  | { readonly kind: 'authenticate'; readonly id: string }
  | { readonly kind: 'route'; readonly id: string; readonly verb: string }
  | { readonly kind: 'ping'; readonly id: string };

/** What the server says of itself. */
export interface ServerFacts {
  /** `udp/10.0.0.150:5060`, as the outside knows it and as it is bound, in the same order. */
  readonly outside: readonly string[];
  readonly bound: readonly string[];
  readonly version: string;
}

export type LinkState = 'down' | 'authenticating' | 'routing' | 'ready';

export const TICK_MS = 200;

/** Silent for so many ticks the server is hung: two seconds, in which it had a probe to answer. */
const HUNG_TICKS = 10;
/** Silent for so many it stood still. */
const STILL_TICKS = 3;

type State =
  | { readonly name: 'down' }
  | { readonly name: 'authenticating'; readonly id: string }
  | { readonly name: 'routing'; readonly facts: ServerFacts; readonly waiting: ReadonlySet<string> }
  | { readonly name: 'ready' };

const NOTHING: readonly LinkEffect[] = [];

/**
 * The connection to drachtio-server as a state machine: it authenticates, asks for the requests that are served here, and is ready when the
 * server has confirmed both. From then on it sends a probe each tick unless one is out, and a server that says nothing at all for two seconds is
 * given up, whatever the state of its TCP connection: drachtio-srf sends pings too, but nobody there misses a pong.
 */
export class LinkMachine {
  readonly #verbs: readonly string[];
  readonly #nextId: () => string;
  #state: State = { name: 'down' };
  /** Of this connection. */
  #silentTicks = 0;
  /** Since this server process was heard last, as far as it can be the same one: a hung server keeps what was sent to it. */
  #stillTicks = 0;

  /** @param verbs methods in lower case @param nextId an id for a frame, new at each call */
  constructor(verbs: readonly string[], nextId: () => string) {
    this.#verbs = verbs;
    this.#nextId = nextId;
  }

  get state(): LinkState {
    return this.#state.name;
  }

  step(input: LinkInput): readonly LinkEffect[] {
    switch (input.kind) {
      case 'opened':
        return this.#authenticate();
      case 'closed':
        return this.#closed(input.reason);
      case 'heard':
        return this.#heard();
      case 'answer':
        return this.#answered(input.id, input.isOk, input.words);
      case 'tick':
        return this.#tick(input.isOwed);
    }
  }

  #authenticate(): readonly LinkEffect[] {
    const id = this.#nextId();
    this.#state = { name: 'authenticating', id };
    this.#silentTicks = 0;
    return [{ kind: 'send', order: { kind: 'authenticate', id } }];
  }

  #closed(reason: string): readonly LinkEffect[] {
    const { name } = this.#state;
    this.#state = { name: 'down' };
    // Closed by the other end, or not even opened: whoever answers next has nothing left of before.
    if (this.#silentTicks < HUNG_TICKS || name === 'down') this.#stillTicks = 0;
    return name === 'ready' ? [{ kind: 'lost', reason }] : NOTHING;
  }

  #heard(): readonly LinkEffect[] {
    this.#silentTicks = 0;
    if (this.#state.name !== 'ready') return NOTHING;
    return this.#wake();
  }

  #wake(): readonly LinkEffect[] {
    const stillTicks = this.#stillTicks;
    this.#stillTicks = 0;
    return stillTicks < STILL_TICKS ? NOTHING : [{ kind: 'woke', silentMs: stillTicks * TICK_MS }];
  }

  #answered(id: string, isOk: boolean, words: readonly string[]): readonly LinkEffect[] {
    const state = this.#state;
    switch (state.name) {
      case 'authenticating':
        if (id !== state.id) return NOTHING;
        return isOk ? this.#route(factsIn(words)) : [refused(words)];
      case 'routing': {
        if (!state.waiting.has(id)) return NOTHING;
        if (!isOk) return [refused(words)];
        const waiting = new Set([...state.waiting].filter((other) => other !== id));
        this.#state = waiting.size > 0 ? { ...state, waiting } : { name: 'ready' };
        return waiting.size > 0 ? NOTHING : [...this.#wake(), { kind: 'ready', facts: state.facts }];
      }
      case 'down':
      case 'ready':
        return NOTHING;
    }
  }

  #route(facts: ServerFacts): readonly LinkEffect[] {
    const orders = this.#verbs.map((verb) => ({ kind: 'route', id: this.#nextId(), verb }) as const);
    this.#state = { name: 'routing', facts, waiting: new Set(orders.map(({ id }) => id)) };
    return orders.map((order) => ({ kind: 'send', order }));
  }

  #tick(isOwed: boolean): readonly LinkEffect[] {
    const { name } = this.#state;
    // Down after it had closed the connection it is dead, and does not stand still.
    if (name !== 'down' || this.#stillTicks > 0) this.#stillTicks++;
    if (name === 'down') return NOTHING;
    this.#silentTicks++;
    if (this.#silentTicks >= HUNG_TICKS) return [{ kind: 'close', reason: 'silent' }];
    if (isOwed) return [{ kind: 'close', reason: 'unacknowledged' }];
    // A server that hung answers all at once what waited, on a connection that is gone by then; with several answers under way it never
    // finds out, and half of all requests go there from then on (0.9.10). So the next probe waits until something is heard.
    if (name !== 'ready' || this.#silentTicks > 1) return NOTHING;
    return [{ kind: 'send', order: { kind: 'ping', id: this.#nextId() } }];
  }
}

function refused(words: readonly string[]): LinkEffect {
  return { kind: 'close', reason: `refused: ${words.join(' ')}` };
}

function factsIn([outside = '', version = '', bound = outside]: readonly string[]): ServerFacts {
  return { outside: listed(outside), bound: listed(bound), version };
}

function listed(text: string): readonly string[] {
  return text.split(',').filter((part) => part !== '');
}
