import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { describeSocket } from '../serving/listening-socket.ts';
import { lossReason, type LossReason } from './link-statistics.ts';
import type { ServerSockets } from './server-sockets.ts';

/** What became of the connection to drachtio-server. */
export type ServerChange =
  /** It ended, or was not there when the start went on without, or is not there for a reason of another kind. `reason` is for people. */
  | { readonly kind: 'lost'; readonly server: string; readonly reason: string }
  /** It is ready again after so long. */
  | { readonly kind: 'back'; readonly server: string; readonly awayMs: number }
  /** It is ready, and has other sockets than the configuration: what is missing, and what it has. `isDeaf`: it has none of the configuration's. */
  | {
      readonly kind: 'missing';
      readonly server: string;
      readonly missing: readonly string[];
      readonly sockets: readonly string[];
      readonly isDeaf: boolean;
    };

/** What is told of the server, from one connection to the next: once for each state, and not for each attempt. */
export class ServerNews {
  readonly #server: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #changed: (change: ServerChange) => void;
  /** Monotonic, while a loss has been told. */
  #lostAtMs: number | undefined;
  /** Of that loss; each is told once, so that a server which fails now so and now so fills no log. */
  readonly #told = new Set<LossReason>();

  constructor(server: string, clock: Clock, log: Log, changed: (change: ServerChange) => void) {
    this.#server = server;
    this.#clock = clock;
    this.#log = log;
    this.#changed = changed;
  }

  /** @param sinceMs monotonic */
  lost(reason: string, sinceMs: number): void {
    this.#lostAtMs = sinceMs;
    this.#told.add(lossReason(reason));
    this.#changed({ kind: 'lost', server: this.#server, reason });
  }

  /** An attempt to connect ended after somebody had answered. */
  failed(reason: string): void {
    const kind = lossReason(reason);
    if (this.#lostAtMs === undefined || this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#log.warn({ server: this.#server, reason }, 'drachtio-server is still lost, now for another reason');
    this.#changed({ kind: 'lost', server: this.#server, reason });
  }

  ready(sockets: ServerSockets): void {
    if (this.#lostAtMs !== undefined) {
      const awayMs = this.#clock.monotonicMs() - this.#lostAtMs;
      this.#lostAtMs = undefined;
      this.#told.clear();
      this.#changed({ kind: 'back', server: this.#server, awayMs });
    }
    if (sockets.missing.length > 0) this.#missing(sockets);
  }

  #missing({ missing, all, isDeaf }: ServerSockets): void {
    const sockets = all.map(describeSocket);
    this.#log.warn({ missing, sockets }, 'drachtio-server does not listen where the configuration says');
    this.#changed({ kind: 'missing', server: this.#server, missing, sockets, isDeaf });
  }
}
