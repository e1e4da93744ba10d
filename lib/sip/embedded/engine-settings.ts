import type { ListenerSettings } from '../serving/listener-settings.ts';
import { MESSAGE_SIZE_MAX } from '../limits.ts';

export interface UdpSettings {
  /** A longer datagram is dropped and counted. */
  readonly datagramBytesMax: number;
  /** SO_RCVBUF, in bytes; 0 leaves the kernel's default. When the kernel grants less, a warning says how much. */
  readonly receiveBufferBytes: number;
  /** Messages that the kernel does not take at once wait up to here, per socket; beyond it they are dropped and counted. */
  readonly sendQueueBytesMax: number;
}

export interface TcpSettings {
  /** Of all listeners together. At the limit the longest idle connection gives way, if it is idle for `idleReclaimMs`; else the new one is closed. */
  readonly connectionsMax: number;
  /** From one source address; a further one is closed at once. */
  readonly connectionsPerSourceMax: number;
  /** Start line and headers; a longer section closes the connection. */
  readonly headBytesMax: number;
  /** A larger Content-Length gets 413, and the connection is closed. */
  readonly bodyBytesMax: number;
  /** A message must be complete this long after its first octet, and a closing peer must be gone; else the connection is closed. */
  readonly messageTimeoutMs: number;
  /** A connection on which nothing arrived for so long is closed. Longer than phones refresh: closing one that is in use costs its owner calls. */
  readonly idleTimeoutMs: number;
  /** A connection idle for so long may be closed to make room for a new one. */
  readonly idleReclaimMs: number;
  /** Octets that wait for a peer that does not read; beyond it the connection is closed. */
  readonly writeQueueBytesMax: number;
}

export interface EmbeddedEngineSettings {
  readonly listeners: readonly ListenerSettings[];
  /** A listener whose address is not here waits for it; else it is an error of the start. For nodes between which an address moves. */
  readonly waitsForAddress: boolean;
  /** Replies as if every Via had asked for `rport` (RFC 3581); like calling OpenSIPS's `force_rport()` for each request. */
  readonly forceRport: boolean;
  /** The Server header of every reply, and the User-Agent header of every request; '' = none. */
  readonly serverHeader: string;
  /** Option tags in the Supported header of a reply to OPTIONS. */
  readonly supported: readonly string[];
  /**
   * After the process stood still for longer than this, requests that queued up meanwhile are dropped (UDP) or answered with 503
   * (TCP), since the twin may have answered later ones. Below SIP's T1 (500 ms), so that no phone has sent one of them again
   * by then. 0 = off: a node of its own has nobody who answers meanwhile.
   */
  readonly stallMs: number;
  readonly udp: UdpSettings;
  readonly tcp: TcpSettings;
}

const KIB = 1024;

/** The limits that there is no need to configure. */
export const ENGINE_LIMITS = {
  udp: {
    /** Nothing longer fits into a datagram. */
    datagramBytesMax: MESSAGE_SIZE_MAX,
    sendQueueBytesMax: 4096 * KIB,
  },
  tcp: {
    /** Head and body together are what the parser takes. */
    headBytesMax: 32 * KIB,
    bodyBytesMax: MESSAGE_SIZE_MAX - 32 * KIB,
    idleReclaimMs: 120_000,
    writeQueueBytesMax: 256 * KIB,
  },
} as const;
