import type { PingObserver } from '../pinger/ports.ts';
import type { NextHop } from '../sip/engine.ts';
import { socketText } from './socket-text.ts';
import type { Watchers } from './watchers.ts';

/** Tells of the pings of the watched AoRs' contacts. That a contact was removed for lost pings the table tells. */
export class PingTrace implements PingObserver {
  readonly #watchers: Watchers;

  constructor(watchers: Watchers) {
    this.#watchers = watchers;
  }

  sent(aor: string, contact: string, { transport, host, port }: NextHop, kind: 'options' | 'keep-alive'): void {
    if (!this.#watchers.isWatching || !this.#watchers.watches(aor)) return;
    this.#watchers.tell(aor, { event: 'ping_sent', contact, kind, to: socketText(transport, host, port) });
  }

  answered(aor: string, contact: string, status: number, latencyMs: number): void {
    if (!this.#watchers.isWatching) return;
    const latency_ms = Math.round(latencyMs * 10) / 10;
    this.#watchers.tell(aor, { event: 'ping_answered', contact, status, latency_ms });
  }

  lost(aor: string, contact: string, lostInARow: number): void {
    if (this.#watchers.isWatching) {
      this.#watchers.tell(aor, { event: 'ping_lost', contact, lost_in_a_row: lostInARow });
    }
  }
}
