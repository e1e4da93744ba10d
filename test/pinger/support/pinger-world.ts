import type { Random } from '../../../lib/core/random.ts';
import type { Order } from '../../../lib/location/change.ts';
import { LocationTable, type LocationSettings } from '../../../lib/location/location-table.ts';
import type { Binding } from '../../../lib/location/record.ts';
import { NatPinger } from '../../../lib/pinger/nat-pinger.ts';
import type { PingerSettings } from '../../../lib/pinger/settings.ts';
import type { NextHop, OptionsRequest, SendOutcome } from '../../../lib/sip/engine.ts';
import { binding, HOUR, putOrder, settings as tableSettings, T0 } from '../../location/support/states.ts';
import { RecordedLog } from '../../sip/embedded/recorded-log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

export const INTERVAL_MS = 30_000;
export const THRESHOLD_MS = 3000;
/** How late a ping or a verdict may be. */
export const TICK_MS = 250;

const RTT_MS = 20;

export const DEFAULTS: PingerSettings = {
  intervalMs: INTERVAL_MS,
  requiredFlag: '',
  pingsConnections: true,
  fromUri: 'sip:pinger@localhost',
  optionsFlag: 'SIPPING_ENABLE',
  removalFlag: 'SIPPING_RTO',
  lostMax: 3,
  thresholdMs: THRESHOLD_MS,
  ignoredStatuses: new Set(),
  ratePerS: 20_000,
};

interface WorldOptions {
  readonly settings?: Partial<PingerSettings>;
  readonly table?: Partial<LocationSettings>;
  /** The gate at the start. */
  readonly isOpen?: boolean;
  /** What the table holds before there is a pinger. */
  readonly before?: (world: PingerWorld) => void;
}

export interface Sent {
  readonly atMs: number;
  readonly kind: 'options' | 'keep-alive';
  readonly hop: NextHop;
  readonly contact: string;
  readonly token: string;
}

/** A pinger on a simulated clock, with a real table and phones that answer, or do not. */
export class PingerWorld {
  readonly clock = new ManualClock();
  readonly log = new RecordedLog();
  readonly sent: Sent[] = [];
  readonly requests: OptionsRequest[] = [];
  readonly gate: { isOpen: boolean };
  /** As a node without a twin, at first. */
  readonly removal = { mayRemove: true };
  readonly table: LocationTable;
  readonly pinger: NatPinger;
  /** Contact -> what its phone answers; undefined = nothing. */
  answerOf: (contact: string) => number | undefined = () => 200;
  outcomeOf: (hop: NextHop) => SendOutcome = () => 'sent';
  isOwnAddress: (hop: NextHop) => boolean = () => false;
  /** Without it only counters tell what was sent. */
  isRecording = true;

  constructor({ settings = {}, table = {}, isOpen = true, before }: WorldOptions = {}) {
    this.gate = { isOpen };
    this.table = new LocationTable(tableSettings({ aorsMax: 1_000_000, ...table }));
    before?.(this);
    this.pinger = new NatPinger({
      settings: { ...DEFAULTS, ...settings },
      table: this.table,
      judge: this.table,
      removal: this.removal,
      sender: {
        sendOptions: (options) => this.#sendOptions(options),
        sendKeepAlive: (hop) => {
          this.sent.push({ atMs: this.nowMs, kind: 'keep-alive', hop, contact: '', token: '' });
          return this.outcomeOf(hop);
        },
      },
      gate: this.gate,
      clock: this.clock,
      clusterClock: { nowMs: () => this.clusterMs },
      random: counting(),
      isOwnAddress: (hop) => this.isOwnAddress(hop),
      log: this.log,
    });
    this.table.addListener(this.pinger);
    this.pinger.enrolExisting();
    this.pinger.start();
  }

  get nowMs(): number {
    return this.clock.monotonicMs();
  }

  get clusterMs(): number {
    return Math.floor(T0 + this.nowMs);
  }

  get stats() {
    return this.pinger.statistics();
  }

  get warnings(): string[] {
    return this.log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
  }

  get infos(): string[] {
    return this.log.lines.filter(({ level }) => level === 'info').map(({ message }) => message);
  }

  /** One request of the phone; by default a registration with both branch flags for an hour. */
  register(name: string, fields: Partial<Binding> = {}, order: Partial<Extract<Order, { kind: 'put' }>> = {}): void {
    const contact = order.contactUri ?? contactOf(name);
    const flags = { cflags: 'SIPPING_ENABLE SIPPING_RTO', ...fields };
    const put = putOrder(contact, this.clusterMs + 10 * HOUR, { binding: binding(flags), ...order });
    const outcome = this.table.commit({ aor: name, origin: 'sip', changes: [put] }, this.clusterMs);
    if ('refused' in outcome) throw new Error(outcome.refused);
  }

  registerMany(count: number, fields: Partial<Binding> = {}): void {
    for (let index = 0; index < count; index++) this.register(`user${index}`, fields);
  }

  unregister(name: string): void {
    const contact = contactOf(name);
    const remove = { kind: 'remove', key: contact, contactUri: contact, callId: 'c', cseq: 9 } as const;
    this.table.commit({ aor: name, origin: 'sip', changes: [remove] }, this.clusterMs);
  }

  isShown(name: string): boolean {
    return this.table.live(this.table.read(name), this.clusterMs).length > 0;
  }

  shownCount(): number {
    let count = 0;
    for (const state of this.table.aors()) count += this.table.live(state, this.clusterMs).length;
    return count;
  }

  recordId(name: string): number {
    const id = this.table.recordIdOf(name, contactOf(name));
    if (id === undefined) throw new Error(`nobody registered ${name}`);
    return id;
  }

  /** Moves time on until the next ping was sent, and returns it. */
  untilPinged(): Sent {
    const count = this.sent.length;
    for (let waitedMs = 0; waitedMs < 3 * INTERVAL_MS; waitedMs += 10) {
      this.clock.advance(10);
      const sent = this.sent[count];
      if (sent !== undefined) return sent;
    }
    throw new Error('nobody was pinged');
  }

  #sendOptions(options: OptionsRequest): SendOutcome {
    const { token, requestUri: contact, nextHop: hop } = options;
    const outcome = this.outcomeOf(hop);
    if (this.isRecording) {
      this.requests.push(options);
      this.sent.push({ atMs: this.nowMs, kind: 'options', hop, contact, token });
    }
    const status = outcome === 'sent' ? this.answerOf(contact) : undefined;
    if (status !== undefined) this.clock.after(RTT_MS, () => this.pinger.onReply(token, status));
    return outcome;
  }
}

export function contactOf(name: string): string {
  return `sip:${name}@192.0.2.1:5060`;
}

function counting(): Random {
  let state = 12345;
  return { u32: () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) };
}
