import type { ListenerSettings } from '../serving/listener-settings.ts';

export interface DrachtioEngineSettings {
  /** Where the admin port of drachtio-server is. */
  readonly server: { readonly host: string; readonly port: number; readonly secret: string };
  /** What the server should listen on, and what the outside knows these sockets as. Which there are is for the server to say. */
  readonly listeners: readonly ListenerSettings[];
  /** The Server header of every reply, and the User-Agent header of every request; '' = none. */
  readonly serverHeader: string;
  /** Option tags in the Supported header of a reply to OPTIONS. */
  readonly supported: readonly string[];
  /**
   * After this process, or the server, stood still for longer than this, requests that queued up meanwhile are answered with 503,
   * since the twin may have answered later ones. 0 = off: a node of its own has nobody who answers meanwhile.
   */
  readonly stallMs: number;
}

/**
 * What drachtio-server bears, as measured with 0.9.10. It is sent frames one after the other without waiting: longer ones than
 * about 4 kB corrupt what it has read, and one above 12 kB stops it from reading for ever.
 */
export const DRACHTIO_LIMITS = {
  /** Octets of a frame to the server with its length and ids. A reply that does not fit is cut, any other frame is not sent. */
  frameBytesMax: 3900,
  /** Octets of a frame from the server: a message of SIP's maximum and what is said of it. A longer one ends the connection. */
  receivedFrameBytesMax: 96 * 1024,
  /** Octets that wait for a server that does not read; beyond it the connection is closed. */
  writeQueueBytesMax: 4 * 1024 * 1024,
  /**
   * OPTIONS that have no final response yet. Who does not answer costs the server ten transmissions over 32 seconds, so that it is
   * the silent ones that fill this; the server has CPU time for about this many of them. What is due beyond is not sent, and counted.
   */
  pingsInFlightMax: 4000,
  /**
   * OPTIONS that the server has not confirmed to have sent. It confirms them within some hundredths of a second as long as it keeps up, and
   * does not shed what it cannot keep up with, but collapses; so what is due beyond is not sent, and counted.
   */
  pingsUnconfirmedMax: 200,
  /** Pings that any second may send: above about 1250 it stops answering at all. */
  pingsPerSecondMax: 1000,
  /**
   * Octets of a Request-URI with what is carried in it. The server compares it with its own addresses in a buffer of 255 octets,
   * which it does not end.
   */
  requestUriBytesMax: 250,
} as const;

/** Octets of a payload that make a frame of the maximum with the length in front. */
export const FRAME_PAYLOAD_MAX = DRACHTIO_LIMITS.frameBytesMax - '9999#'.length;

const UUID_LENGTH = 36;

/** Octets of a reply's text: what a frame has less its ids and words. */
export const REPLY_ROOM = FRAME_PAYLOAD_MAX - (2 * UUID_LENGTH + '|sip||\r\n'.length);
