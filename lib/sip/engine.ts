import type { SipHeader } from './fault.ts';
import type { SipRequest } from './request.ts';

export type Transport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** A socket that SIP comes in on. */
export interface ListeningSocket {
  readonly transport: Transport;
  /** What it is bound to; IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  /** `transport:address:port` as the outside knows it (the advertised address where one is set), IPv6 in brackets: what `location.socket` holds. */
  readonly name: string;
}

/** A socket that is not open yet, since its address is not here, or cannot be bound. */
export interface WaitingSocket {
  readonly socket: ListeningSocket;
  /** When it began to wait, by the monotonic clock. */
  readonly sinceMs: number;
  /** Why the last attempt failed, for people. */
  readonly reason: string;
}

/** A request that is valid SIP, with where it came from. */
export interface InboundRequest {
  readonly request: SipRequest;
  /** IPv6 without brackets; IPv4-mapped addresses as IPv4. */
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly socket: ListeningSocket;
  /**
   * Sends the final response, now or later; only the first call counts. The engine copies Via, From, To (with a tag),
   * Call-ID and CSeq from the request and adds Content-Length. When the way back is gone the reply is dropped and counted.
   */
  reply(reply: SipReply): void;
}

export interface SipReply {
  readonly status: number;
  /** Reason phrase. */
  readonly reason: string;
  readonly headers: readonly SipHeader[];
}

/** Serves one method; called once per request, must not throw, replies at most once. */
export type RequestHandler = (inbound: InboundRequest) => void;

/** Where a request goes next: what a Route, `received` or Contact URI says (RFC 3261 §18.1.1 without SRV and NAPTR). */
export interface NextHop {
  readonly transport: Transport;
  /** A numeric address (IPv6 without brackets), or a name that the engine resolves. */
  readonly host: string;
  readonly port: number;
}

/** An OPTIONS outside of any dialog that asks whether somebody is there. All text is in byte strings. */
export interface OptionsRequest {
  /** Comes back with the reply: the engine puts it into the branch. Letters and digits, at most 64, new for each request. */
  readonly token: string;
  /** Request-URI and To. */
  readonly requestUri: string;
  /** URI of From. */
  readonly fromUri: string;
  /** Path URIs as stored, joined with commas, that become Route; '' = none. */
  readonly route: string;
  readonly nextHop: NextHop;
  /** `ListeningSocket.name` of the socket that it should leave from; one that is not bound here gives way to another of its transport. */
  readonly socketName: string;
}

/**
 * What became of a request on its way out; `sent` says nothing about its arrival, and
 * that the kernel refused it shows only later (`OptionsUnsentListener`). `no-connection`: its transport is
 * connection-oriented and this node holds no connection to there (it never opens one). `no-socket`: no socket of this transport
 * and address family is bound. `unresolved`: a name that did not resolve lately. `refused`: the send queue is full, the text would be too long, or the engine stops.
 */
export type SendOutcome = 'sent' | 'no-connection' | 'no-socket' | 'unresolved' | 'refused';

/** Called for each final response to an OPTIONS of `sendOptions`, whoever sent it; must not throw. */
export type OptionsReplyListener = (token: string, status: number) => void;

/**
 * Called for an OPTIONS that `sendOptions` called `sent` and the kernel then refused (no route, a firewall): nothing left this host,
 * so that no reply proves nothing. Later than the return of `sendOptions`, at most once for each token; must not throw.
 */
export type OptionsUnsentListener = (token: string) => void;

/** What the registrar and the pinger need of a SIP stack, and no more. */
export interface SipEngine {
  /**
   * Binds all sockets and begins to deliver. Resolves when each is bound, or waits for its address, where the settings allow that;
   * else rejects with an OperationalError that names the socket and what to do.
   */
  start(): Promise<void>;
  /** Tries at once to bind what waits: its address may have come. */
  bindWaiting(): void;
  /** Takes no new requests; replies to those already delivered still go out. */
  drain(): void;
  /** Closes all sockets and connections. */
  stop(): Promise<void>;
  /** Those that are bound. */
  readonly sockets: readonly ListeningSocket[];
  /** Whether they are this process's own, and not another program's. */
  readonly ownsSockets: boolean;
  /** Those that are not, and will be. */
  readonly waiting: readonly WaitingSocket[];
  /** Sends once, without retransmissions. Replies to it go to the engine's `OptionsReplyListener`. */
  sendOptions(options: OptionsRequest): SendOutcome;
  /** Sends what opens a NAT binding and asks for no answer: four zero octets in a datagram, CRLF CRLF on a connection. */
  sendKeepAlive(hop: NextHop, socketName: string): SendOutcome;
}
