import { isIPv6 } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { EngineStatistics, SentKind } from '../serving/engine-statistics.ts';
import type { NameCache } from '../serving/name-cache.ts';
import { numericAddress } from '../serving/numeric-address.ts';
import type { OccasionalLog } from '../serving/occasional-log.ts';
import type {
  ListeningSocket,
  NextHop,
  OptionsReplyListener,
  OptionsRequest,
  OptionsUnsentListener,
  SendOutcome,
} from '../engine.ts';
import type { ConnectionsSeen } from './connections-seen.ts';
import { DRACHTIO_LIMITS } from './drachtio-settings.ts';
import type { FrameIds } from './frame-ids.ts';
import type { OwnAddresses } from './own-addresses.ts';
import { bracketed, optionsText, proxyUri } from './options-text.ts';
import type { ServerSockets } from './server-sockets.ts';

export interface ServerPingsParts {
  readonly ids: FrameIds;
  /** Hands an order to send SIP to the server; false when that is not possible now. */
  readonly order: (payload: string) => boolean;
  /** What the server listens on; undefined while it is not connected. */
  readonly sockets: () => ServerSockets | undefined;
  readonly connections: ConnectionsSeen;
  readonly ownAddresses: OwnAddresses;
  readonly names: NameCache;
  readonly clock: Clock;
  readonly random: Random;
  readonly statistics: EngineStatistics;
  readonly occasionalLog: OccasionalLog;
  /** '' = none. */
  readonly userAgent: string;
  readonly optionsReply: OptionsReplyListener;
  readonly optionsUnsent: OptionsUnsentListener;
}

/** An OPTIONS that the server was given and that has no final response. */
interface Flight {
  /** Undefined for a keep-alive, whose answer nobody waits for. */
  readonly token: string | undefined;
  readonly hop: NextHop;
  /** Of the hop, numeric. */
  readonly address: string;
  /** That the request leaves by. */
  readonly socket: ListeningSocket;
  readonly sentAtMs: number;
}

/** The server's own timer ends a transaction after 32 seconds; one that it has not told of by then is over too. */
const FLIGHT_MS = 40_000;

/** RFC 3261 §8.1.1.5: below 2^31. It starts below 2^30, so that it takes years to come there. */
const CSEQ_MASK = 0x7fff_ffff;
const FIRST_CSEQ_MASK = 0x3fff_ffff;

const FINAL_STATUS_MIN = 200;
const REQUEST_TIMEOUT = 408;
const UNAVAILABLE = 503;

/**
 * The client side of the engine: OPTIONS that drachtio-server sends. It sends them again and again for 32 seconds, keeps a transaction meanwhile,
 * and cannot be told to stop; so only so many may be in flight, and the rest is not sent, and counted.
 *
 * What nobody answered is for the pinger to notice, whatever the server's timer says. A final response that the server
 * made up itself is none: a 408 says that time is over. A 503 over UDP while the address is here says that an ICMP message came: it does not count as an
 * answer either, and the ping is lost in its time, as with the other engine, which does not hear of such messages. All others
 * say that the request did not get out: the address is not here, the connection is closed.
 */
export class ServerPings {
  readonly #parts: ServerPingsParts;
  /** Ordered, by the id of the order, the oldest first. */
  readonly #ordered = new Map<string, Flight>();
  /** Acknowledged, by the server's transaction id, the oldest first. */
  readonly #flights = new Map<string, Flight>();
  readonly #callIdSuffix: string;
  #cseq: number;
  #isDraining = false;

  constructor(parts: ServerPingsParts) {
    this.#parts = parts;
    this.#callIdSuffix = parts.random.u32().toString(36) + parts.random.u32().toString(36);
    this.#cseq = parts.random.u32() & FIRST_CSEQ_MASK;
  }

  /** OPTIONS without a final response yet. */
  get inFlight(): number {
    return this.#ordered.size + this.#flights.size;
  }

  /** Of these, those that the server has not confirmed to have sent. */
  get unconfirmed(): number {
    return this.#ordered.size;
  }

  /** From now on everything is refused. */
  drain(): void {
    this.#isDraining = true;
  }

  sendOptions(options: OptionsRequest): SendOutcome {
    return this.#count('options', this.#send(options.nextHop, options, options.token));
  }

  /** The server sends nothing but SIP: an OPTIONS opens a NAT binding as well, and whatever comes back says nothing. */
  sendKeepAlive(hop: NextHop): SendOutcome {
    const place = `sip:${bracketed(hop.host)}:${String(hop.port)}`;
    return this.#count('keep_alive', this.#send(hop, { requestUri: place, fromUri: place, route: '' }, undefined));
  }

  /** The server's word on an order with this id: it has sent the request, as this transaction, or will not. False when it is none of these orders. */
  acknowledged(id: string, transactionId: string | undefined): boolean {
    const flight = this.#ordered.get(id);
    if (flight === undefined) return false;
    this.#ordered.delete(id);
    if (transactionId === undefined) this.#notSent(flight);
    else this.#flights.set(transactionId, flight);
    return true;
  }

  /** A response came for this transaction. False when it is none of these. @param isOwn the server made it itself */
  responded(transactionId: string, status: number, isOwn: boolean): boolean {
    const flight = this.#flights.get(transactionId);
    if (flight === undefined) return false;
    if (status < FINAL_STATUS_MIN) return true;
    this.#flights.delete(transactionId);
    if (isOwn) this.#madeUp(flight, status);
    else if (flight.token !== undefined) this.#parts.optionsReply(flight.token, status);
    return true;
  }

  /** The connection to the server is gone, and with it whatever it would have said. */
  lost(): void {
    const flights = [...this.#ordered.values(), ...this.#flights.values()];
    this.#ordered.clear();
    this.#flights.clear();
    for (const { token } of flights) if (token !== undefined) this.#parts.optionsUnsent(token);
  }

  /** Forgets what is over. */
  sweep(): void {
    const endedMs = this.#parts.clock.monotonicMs() - FLIGHT_MS;
    for (const flights of [this.#ordered, this.#flights]) {
      for (const [key, { sentAtMs }] of flights) {
        if (sentAtMs > endedMs) break;
        flights.delete(key);
      }
    }
  }

  #madeUp(flight: Flight, status: number): void {
    const { hop, address, socket } = flight;
    if (status === REQUEST_TIMEOUT) return;
    if (hop.transport !== 'udp') this.#parts.connections.forget(hop, address);
    // A 503 says that the kernel did not send it, as without the address or a route, or that a router or a NAT said that nobody is there.
    else if (status === UNAVAILABLE && this.#parts.ownAddresses.has(socket.address)) return;
    this.#notSent(flight);
  }

  #notSent({ token }: Flight): void {
    this.#parts.statistics.countSendError();
    if (token !== undefined) this.#parts.optionsUnsent(token);
  }

  #count(kind: SentKind, outcome: SendOutcome): SendOutcome {
    this.#parts.statistics.countSend(kind, outcome);
    return outcome;
  }

  #send(
    hop: NextHop,
    request: Pick<OptionsRequest, 'requestUri' | 'fromUri' | 'route'>,
    token: string | undefined,
  ): SendOutcome {
    if (this.#isDraining) return 'refused';
    const sockets = this.#parts.sockets();
    if (sockets === undefined) return 'no-socket';
    const addresses = this.#addressesOf(hop.host);
    for (const address of addresses) {
      const socket = sockets.towards(hop.transport, isIPv6(address));
      if (socket === undefined) continue;
      if (hop.transport !== 'udp' && !this.#parts.connections.has(hop, address)) return 'no-connection';
      return this.#order(request, { token, hop, address, socket, sentAtMs: this.#parts.clock.monotonicMs() });
    }
    return addresses.length > 0 ? 'no-socket' : 'unresolved';
  }

  #order(request: Pick<OptionsRequest, 'requestUri' | 'fromUri' | 'route'>, flight: Flight): SendOutcome {
    const { ids, userAgent, order } = this.#parts;
    if (!this.#hasRoom()) return 'refused';
    const id = ids.next();
    const text = optionsText(request, this.#nextIdentity(id), flight.socket, userAgent);
    if (text === undefined) return 'refused';
    if (!order(`${id}|sip|||${proxyUri(flight.hop, flight.address)}\r\n${text}`)) return 'refused';
    this.#ordered.set(id, flight);
    return 'sent';
  }

  #hasRoom(): boolean {
    const { inFlight, unconfirmed } = this;
    const { occasionalLog } = this.#parts;
    if (unconfirmed >= DRACHTIO_LIMITS.pingsUnconfirmedMax) {
      occasionalLog.warn({ unconfirmed }, 'pings are left out: drachtio-server does not keep up with them');
      return false;
    }
    if (inFlight < DRACHTIO_LIMITS.pingsInFlightMax) return true;
    const message =
      'pings are left out: as many are in flight as drachtio-server sustains, to phones that do not answer';
    occasionalLog.warn({ inFlight }, message);
    return false;
  }

  #addressesOf(host: string): readonly string[] {
    const numeric = numericAddress(host);
    return numeric === undefined ? this.#parts.names.addresses(host) : [numeric];
  }

  #nextIdentity(id: string): { callId: string; cseq: number } {
    this.#cseq = (this.#cseq + 1) & CSEQ_MASK;
    return { callId: `${id.slice(-12)}-${String(this.#parts.random.u32())}-${this.#callIdSuffix}`, cseq: this.#cseq };
  }
}
