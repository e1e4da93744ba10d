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

/** What the registrar needs of a SIP stack, and no more. */
export interface SipEngine {
  /** Binds all sockets and begins to deliver. Rejects with an OperationalError that names the socket and what to do. */
  start(): Promise<void>;
  /** Takes no new requests; replies to those already delivered still go out. */
  drain(): void;
  /** Closes all sockets and connections. */
  stop(): Promise<void>;
  readonly sockets: readonly ListeningSocket[];
}
