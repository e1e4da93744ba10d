/** The part of drachtio-srf that keeps a connection to a server; the package's own types leave it out. */
declare module 'drachtio-srf/lib/wire-protocol.js' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';

  interface WireEvents {
    connect: [socket: Socket];
    close: [socket: Socket];
    error: [error: Error, socket: Socket];
  }

  export default class WireProtocol extends EventEmitter<WireEvents> {
    constructor(options: object);
    /** Connects, and connects anew whenever the connection is gone, until `closing`. */
    connect(options: {
      readonly host: string;
      readonly port: number;
      readonly reconnect: { readonly retryMaxDelay: number };
    }): void;
    closing?: boolean;
    /** `retryDelay`: the pause before the last attempt, in milliseconds; each is 1.7 times as long as the one before. */
    readonly reconnectVars: { retryTimer: NodeJS.Timeout | null; retryDelay: number };
  }
}
