import { ReasonCounts } from '../../core/reason-counts.ts';
import type { SendOutcome } from '../engine.ts';
import { KNOWN_METHODS } from '../methods.ts';

/** Why something that arrived, or was to be sent, went nowhere. */
const DROP_REASONS = [
  /** Datagrams of at most four octets: what phones send to keep a NAT binding open. */
  'keep_alive',
  'stun',
  'oversized',
  /** From port 0, where no answer can go. */
  'source_port',
  'draining',
  /** A datagram that waited while the process stood still. */
  'stalled',
  /** Not readable as SIP so far that a reply could be made; or an unreadable ACK, which gets none. */
  'malformed',
  'ack',
  /** A response that answers nothing that we sent. */
  'response',
  /** A stream that cannot be cut into messages, without a request that could be answered. */
  'framing',
  /** A stream that ended inside a message. */
  'truncated',
  /** The kernel refused a reply's datagram: no route, a firewall, too long. */
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

/** What is sent without being a reply. */
const SENT_KINDS = ['options', 'keep_alive'] as const;

export type SentKind = (typeof SENT_KINDS)[number];

/** Why something of these kinds was not sent; `send_error` is the kernel's, after the outcome was `sent`. */
const UNSENT_NAMES: Readonly<Record<Exclude<SendOutcome, 'sent'> | 'send-error', string>> = {
  'no-connection': 'no_connection',
  'no-socket': 'no_socket',
  unresolved: 'unresolved',
  refused: 'refused',
  'send-error': 'send_error',
};

/** The process stood still. */
export interface Stall {
  /** By the wall clock, when it was noticed. */
  readonly endedAtMs: number;
  /** At most so long. */
  readonly lengthMs: number;
}

const INVALID_REASONS_MAX = 64;

interface Counter {
  count: number;
}

const REPLY_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', '6xx'] as const;

/** Counters since the start under keys that are fixed, whatever arrives. They are read by whoever shows them. */
export class EngineStatistics {
  /** Replies made, by the class of their status. */
  readonly replies: Readonly<Record<string, number>>;
  /** Responses that were read, by the class of their status, strays among them. */
  readonly repliesReceived: Readonly<Record<string, number>>;
  /** Handed over to be sent on our own account, by kind: `options` and `keep_alive`. */
  readonly sent: Readonly<Record<string, number>>;
  /** Of both kinds, not sent, by reason: `no_connection`, `no_socket`, `unresolved`, `refused`; and `send_error`, of those that count as sent. */
  readonly unsent: Readonly<Record<string, number>>;
  readonly drops: Readonly<Record<string, number>>;
  readonly connections: Readonly<Record<string, number>>;
  /** Requests that were answered because they are no valid SIP, by status and reason. Faults hold no text of the sender, so these are few. */
  readonly invalid = new ReasonCounts(INVALID_REASONS_MAX);
  /** Keep-alives on connections that were answered (RFC 5626 §3.5.1). */
  pongs = 0;
  /** Failures to receive from a UDP socket, e.g. because its interface went down. */
  receiveErrors = 0;
  /** Errors of this program while it handled what had arrived; each is a defect. */
  engineErrors = 0;
  /** How often the process stood still for longer than `stallMs`. */
  stalls = 0;
  lastStall: Stall | undefined;
  // The method comes out of the message: as the key of an object it would have to be made a symbol each time, which
  // costs more than all other counting; a map compares it as it is.
  readonly #requests: ReadonlyMap<string, Counter> = new Map(
    [...KNOWN_METHODS].map((method) => [method, { count: 0 }]),
  );
  readonly #unknownRequests: Counter = { count: 0 };
  readonly #replies = zeros(REPLY_CLASSES);
  readonly #repliesReceived = zeros(REPLY_CLASSES);
  readonly #sent = zeros(SENT_KINDS);
  readonly #unsent = zeros(Object.values(UNSENT_NAMES));
  readonly #drops = zeros(DROP_REASONS);
  readonly #connections = zeros(CONNECTION_EVENTS);

  constructor() {
    this.replies = this.#replies;
    this.repliesReceived = this.#repliesReceived;
    this.sent = this.#sent;
    this.unsent = this.#unsent;
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
    increment(this.#replies, replyClass(status));
  }

  countReplyReceived(status: number): void {
    increment(this.#repliesReceived, replyClass(status));
  }

  countSend(kind: SentKind, outcome: SendOutcome): void {
    if (outcome === 'sent') increment(this.#sent, kind);
    else increment(this.#unsent, UNSENT_NAMES[outcome]);
  }

  /** Of what `countSend` counted as sent: the kernel refused its datagram. */
  countSendError(): void {
    increment(this.#unsent, UNSENT_NAMES['send-error']);
  }

  countDrop(reason: DropReason): void {
    increment(this.#drops, reason);
  }

  countConnection(event: ConnectionEvent): void {
    increment(this.#connections, event);
  }

  countStall(stall: Stall): void {
    this.stalls += 1;
    this.lastStall = stall;
  }
}

function replyClass(status: number): string {
  return REPLY_CLASSES[Math.floor(status / 100) - 1] ?? '6xx';
}

function zeros(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, 0]));
}

function increment(counters: Record<string, number>, name: string): void {
  counters[name] = (counters[name] ?? 0) + 1;
}
