import type { SipReply } from '../engine.ts';
import { Fault } from '../fault.ts';
import { headerParam } from '../header-param.ts';
import { serialiseReply, type ViaStamp } from '../reply.ts';
import type { EngineStatistics } from '../serving/engine-statistics.ts';
import type { Inbound, ReplySender } from '../serving/inbound.ts';
import type { ToTags } from './to-tag.ts';

const SIP_PORT = 5060;

export interface ReplierSettings {
  readonly forceRport: boolean;
  readonly serverHeader: string;
}

/** Writes replies and decides where they go: RFC 3261 §18.2.2 with RFC 3581. */
export class Replier implements ReplySender {
  readonly #settings: ReplierSettings;
  readonly #toTags: ToTags;
  readonly #statistics: EngineStatistics;

  constructor(settings: ReplierSettings, toTags: ToTags, statistics: EngineStatistics) {
    this.#settings = settings;
    this.#toTags = toTags;
    this.#statistics = statistics;
  }

  send(inbound: Inbound, reply: SipReply): void {
    const route = this.#routeOf(inbound);
    const tag = this.#toTags.tagFor(inbound.request);
    const text = serialiseReply(inbound.request, reply, route.stamp, tag, this.#settings.serverHeader);
    this.#statistics.countReply(reply.status);
    inbound.path.sendReply(text, inbound.sourceAddress, route.port);
  }

  /**
   * The reply always goes to the address that the request came from. `maddr` is not followed: it serves multicast
   * only, and otherwise lets a sender aim our replies at somebody else.
   */
  #routeOf(inbound: Inbound): ReplyRoute {
    const { sourcePort } = inbound;
    const sourceAddress = withoutZone(inbound.sourceAddress);
    if (this.#settings.forceRport) return { stamp: { received: sourceAddress, rport: sourcePort }, port: sourcePort };
    const via = inbound.request.topVia();
    // A Via that cannot be read says neither that it wants rport nor another port.
    if (via instanceof Fault) return { stamp: { received: sourceAddress, rport: undefined }, port: sourcePort };
    // RFC 3581 §4: with rport, received is set even where it equals sent-by.
    if (headerParam(via.params, 'rport') !== undefined) {
      return { stamp: { received: sourceAddress, rport: sourcePort }, port: sourcePort };
    }
    const received = withoutBrackets(via.host) === sourceAddress ? undefined : sourceAddress;
    return { stamp: { received, rport: undefined }, port: via.port > 0 ? via.port : SIP_PORT };
  }
}

interface ReplyRoute {
  readonly stamp: ViaStamp;
  /** For datagrams; a reply over a connection goes back on it. */
  readonly port: number;
}

/** The zone of a link-local address (`fe80::1%eth0`) is this host's own: it has no place in a Via. */
function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
