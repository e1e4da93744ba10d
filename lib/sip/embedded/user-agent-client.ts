import { isIPv6 } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { ListeningSocket, NextHop, OptionsRequest, OptionsUnsentListener, SendOutcome } from '../engine.ts';
import { OptionsWriter, type OptionsIdentity } from '../options-writer.ts';
import type { ConnectionTable, TrackedConnection } from './connection-table.ts';
import type { EngineStatistics } from '../serving/engine-statistics.ts';
import type { InterfaceAddress } from '../serving/interface-addresses.ts';
import { isNameless, socketName } from '../serving/listening-socket.ts';
import type { NameCache } from '../serving/name-cache.ts';
import { numericAddress } from '../serving/numeric-address.ts';
import { ownAddress } from './own-address.ts';
import { probeBranch } from './probe-branch.ts';

/** A socket that requests can leave by while it is bound. */
export interface DatagramSender {
  readonly socket: ListeningSocket;
  readonly isBound: boolean;
  /** @param onRefused called later when the kernel did not send it after all */
  sendUnasked(text: string, address: string, port: number, onRefused: () => void): SendOutcome;
}

export interface UserAgentClientParts {
  readonly udp: readonly DatagramSender[];
  /** The sockets whose connections are in the table. */
  readonly tcp: readonly { readonly socket: ListeningSocket }[];
  readonly connections: ConnectionTable;
  readonly names: NameCache;
  readonly interfaceAddresses: () => readonly InterfaceAddress[];
  readonly clock: Clock;
  readonly random: Random;
  readonly statistics: EngineStatistics;
  /** Hears which OPTIONS the kernel refused after they counted as sent. */
  readonly optionsUnsent: OptionsUnsentListener;
  /** '' = none. */
  readonly userAgent: string;
}

/** How long a socket on a wildcard address goes by the same of this host's addresses, which come and go. */
const OWN_ADDRESS_MS = 60_000;

/** What fits into a datagram over IPv4: 65 535 octets less the headers of IP and UDP. */
const REQUEST_SIZE_MAX = 65_507;

/** RFC 3261 §8.1.1.5: below 2^31. It starts below 2^30, so that it takes years to come there. */
const CSEQ_MASK = 0x7fff_ffff;
const FIRST_CSEQ_MASK = 0x3fff_ffff;

/** `nathelper`'s keep-alive: four zero octets, which are no SIP and no STUN. */
const DATAGRAM_KEEP_ALIVE = '\0\0\0\0';
/** RFC 5626 §3.5.1 */
const STREAM_KEEP_ALIVE = '\r\n\r\n';

/** What is to be sent; the text of an OPTIONS depends on the socket that it leaves by. */
type Outgoing = { readonly kind: 'options'; readonly request: OptionsRequest } | { readonly kind: 'keep_alive' };

const KEEP_ALIVE: Outgoing = { kind: 'keep_alive' };

interface KnownWriter {
  readonly writer: OptionsWriter;
  readonly goodUntilMs: number;
}

/**
 * The client side of the engine: sends OPTIONS and keep-alives, once each, and waits for nothing. It opens no connection and keeps no
 * transaction; a reply proves itself by its branch.
 */
export class UserAgentClient {
  readonly #parts: UserAgentClientParts;
  /** By the name of the socket. */
  readonly #writers = new Map<string, KnownWriter>();
  /** Tells the Call-IDs of processes apart. */
  readonly #callIdSuffix: string;
  #cseq: number;
  #isDraining = false;

  constructor(parts: UserAgentClientParts) {
    this.#parts = parts;
    this.#callIdSuffix = parts.random.u32().toString(36) + parts.random.u32().toString(36);
    this.#cseq = parts.random.u32() & FIRST_CSEQ_MASK;
  }

  /** From now on everything is refused. */
  drain(): void {
    this.#isDraining = true;
  }

  sendOptions(request: OptionsRequest): SendOutcome {
    return this.#count('options', this.#send({ kind: 'options', request }, request.nextHop, request.socketName));
  }

  sendKeepAlive(hop: NextHop, socketName: string): SendOutcome {
    return this.#count('keep_alive', this.#send(KEEP_ALIVE, hop, socketName));
  }

  #count(kind: Outgoing['kind'], outcome: SendOutcome): SendOutcome {
    this.#parts.statistics.countSend(kind, outcome);
    return outcome;
  }

  #send(outgoing: Outgoing, hop: NextHop, name: string): SendOutcome {
    if (this.#isDraining) return 'refused';
    switch (hop.transport) {
      case 'udp':
        return this.#sendDatagram(outgoing, hop, name);
      case 'tcp':
        return this.#sendOnConnection(outgoing, hop, name);
      // Nothing here accepts these, so there is no connection of theirs.
      case 'tls':
      case 'ws':
      case 'wss':
        return 'no-connection';
    }
  }

  #sendDatagram(outgoing: Outgoing, hop: NextHop, name: string): SendOutcome {
    const addresses = this.#addressesOf(hop.host);
    for (const address of addresses) {
      const sender = this.#senderFor(address, name);
      if (sender === undefined) continue;
      const text = outgoing.kind === 'options' ? this.#write(outgoing.request, sender.socket) : DATAGRAM_KEEP_ALIVE;
      if (text === undefined) return 'refused';
      return sender.sendUnasked(text, withZone(address, sender.socket), hop.port, this.#refusalListener(outgoing));
    }
    return addresses.length > 0 ? 'no-socket' : 'unresolved';
  }

  #sendOnConnection(outgoing: Outgoing, hop: NextHop, name: string): SendOutcome {
    const addresses = this.#addressesOf(hop.host);
    for (const address of addresses) {
      const connection = this.#connectionTo(address, hop.port, name);
      if (connection === undefined) continue;
      const text = outgoing.kind === 'options' ? this.#write(outgoing.request, connection.socket) : STREAM_KEEP_ALIVE;
      return text === undefined ? 'refused' : connection.sendUnasked(text);
    }
    return addresses.length > 0 ? 'no-connection' : 'unresolved';
  }

  #refusalListener(outgoing: Outgoing): () => void {
    if (outgoing.kind === 'keep_alive') return this.#onKeepAliveRefused;
    const { token } = outgoing.request;
    return () => {
      this.#parts.statistics.countSendError();
      this.#parts.optionsUnsent(token);
    };
  }

  readonly #onKeepAliveRefused = (): void => this.#parts.statistics.countSendError();

  #addressesOf(host: string): readonly string[] {
    const numeric = numericAddress(host);
    return numeric === undefined ? this.#parts.names.addresses(host) : [numeric];
  }

  /** The socket of this name, else the first one of the family. */
  #senderFor(address: string, name: string): DatagramSender | undefined {
    const isWanted = isIPv6(address);
    let first: DatagramSender | undefined;
    for (const sender of this.#parts.udp) {
      if (!sender.isBound || isIPv6(sender.socket.address) !== isWanted) continue;
      if (sender.socket.name === name) return sender;
      first ??= sender;
    }
    return first;
  }

  /** By the socket of this name, else by any. */
  #connectionTo(address: string, port: number, name: string): TrackedConnection | undefined {
    const { connections, tcp } = this.#parts;
    const found = connections.find(name, address, port);
    if (found !== undefined) return found;
    for (const { socket } of tcp) {
      const other = connections.find(socket.name, address, port);
      if (other !== undefined) return other;
    }
    return undefined;
  }

  #write(request: OptionsRequest, socket: ListeningSocket): string | undefined {
    const text = this.#writerFor(socket).write(request, this.#nextIdentity(request.token));
    return text === undefined || text.length > REQUEST_SIZE_MAX ? undefined : text;
  }

  #nextIdentity(token: string): OptionsIdentity {
    const { random } = this.#parts;
    this.#cseq = (this.#cseq + 1) & CSEQ_MASK;
    // In decimal: every other radix costs four times as much.
    const cseq = String(this.#cseq);
    return {
      branch: probeBranch(token),
      fromTag: String(random.u32()),
      callId: `${String(random.u32())}-${cseq}-${this.#callIdSuffix}`,
      cseq: this.#cseq,
    };
  }

  #writerFor(socket: ListeningSocket): OptionsWriter {
    const nowMs = this.#parts.clock.monotonicMs();
    const known = this.#writers.get(socket.name);
    if (known !== undefined && nowMs < known.goodUntilMs) return known.writer;
    const transport = socket.transport === 'tcp' ? 'tcp' : 'udp';
    const writer = new OptionsWriter({ transport, sentBy: this.#sentBy(socket), userAgent: this.#parts.userAgent });
    this.#writers.set(socket.name, { writer, goodUntilMs: isNameless(socket) ? nowMs + OWN_ADDRESS_MS : Infinity });
    return writer;
  }

  #sentBy(socket: ListeningSocket): string {
    const { transport, address, port, name } = socket;
    const outside = isNameless(socket)
      ? socketName(transport, ownAddress(isIPv6(address) ? 6 : 4, this.#parts.interfaceAddresses()), port)
      : name;
    const sentBy = outside.slice(transport.length + 1);
    const zone = sentBy.indexOf('%');
    return zone < 0 ? sentBy : sentBy.slice(0, zone) + sentBy.slice(sentBy.indexOf(']', zone));
  }
}

/** RFC 4007 §6: a link-local address means something on one link only; here it is the link of the socket's address. */
function withZone(address: string, socket: ListeningSocket): string {
  const zone = socket.address.indexOf('%');
  return zone >= 0 && address.startsWith('fe80:') ? address + socket.address.slice(zone) : address;
}
