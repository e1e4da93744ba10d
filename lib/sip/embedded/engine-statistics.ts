import { KNOWN_METHODS } from '../methods.ts';

/** Why something that arrived, or a reply, went nowhere. */
const DROP_REASONS = [
  /** Datagrams of at most four octets: what phones send to keep a NAT binding open. */
  'keep_alive',
  'stun',
  'oversized',
  /** From port 0, where no answer can go. */
  'source_port',
  'draining',
  /** Not readable as SIP so far that a reply could be made; or an unreadable ACK, which gets none. */
  'malformed',
  'ack',
  'response',
  /** A stream that cannot be cut into messages, without a request that could be answered. */
  'framing',
  /** A stream that ended inside a message. */
  'truncated',
  /** The kernel refused a reply: no route, a firewall, too long. */
  'send_error',
  'send_queue_full',
  /** A late reply, after the socket that it belongs to. */
  'socket_closed',
  /** The connection that a reply belongs to was closed meanwhile. */
  'connection_gone',
] as const;

export type DropReason = (typeof DROP_REASONS)[number];

/** What became of connections. */
const CONNECTION_EVENTS = [
  'accepted',
  'refused_total',
  'refused_source',
  'closed_to_make_room',
  'closed_idle',
  'closed_slow',
  'closed_unread',
  'closed_framing',
  'accept_errors',
  'socket_errors',
] as const;

export type ConnectionEvent = (typeof CONNECTION_EVENTS)[number];

interface Counter {
  count: number;
}

const REPLY_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', '6xx'] as const;

/** Counters since the start under keys that are fixed, whatever arrives. They are read by whoever shows them. */
export class EngineStatistics {
  /** Replies made, by the class of their status. */
  readonly replies: Readonly<Record<string, number>>;
  readonly drops: Readonly<Record<string, number>>;
  readonly connections: Readonly<Record<string, number>>;
  /** Keep-alives on connections that were answered (RFC 5626 §3.5.1). */
  pongs = 0;
  /** Failures to receive from a UDP socket, e.g. because its interface went down. */
  receiveErrors = 0;
  /** Errors of this program while it handled what had arrived; each is a defect. */
  engineErrors = 0;
  // The method comes out of the message: as the key of an object it would have to be made a symbol each time, which
  // costs more than all other counting; a map compares it as it is.
  readonly #requests: ReadonlyMap<string, Counter> = new Map(
    [...KNOWN_METHODS].map((method) => [method, { count: 0 }]),
  );
  readonly #unknownRequests: Counter = { count: 0 };
  readonly #replies = zeros(REPLY_CLASSES);
  readonly #drops = zeros(DROP_REASONS);
  readonly #connections = zeros(CONNECTION_EVENTS);

  constructor() {
    this.replies = this.#replies;
    this.drops = this.#drops;
    this.connections = this.#connections;
  }

  /** Requests that were read, by method, as of now; one that RFCs do not know counts as `unknown`. */
  get requests(): Readonly<Record<string, number>> {
    const known = Array.from(this.#requests, ([method, { count }]) => [method, count] as const);
    return { ...Object.fromEntries(known), unknown: this.#unknownRequests.count };
  }

  countRequest(method: string): void {
    const counter = this.#requests.get(method) ?? this.#unknownRequests;
    counter.count += 1;
  }

  countReply(status: number): void {
    increment(this.#replies, REPLY_CLASSES[Math.floor(status / 100) - 1] ?? '6xx');
  }

  countDrop(reason: DropReason): void {
    increment(this.#drops, reason);
  }

  countConnection(event: ConnectionEvent): void {
    increment(this.#connections, event);
  }
}

function zeros(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, 0]));
}

function increment(counters: Record<string, number>, name: string): void {
  counters[name] = (counters[name] ?? 0) + 1;
}
