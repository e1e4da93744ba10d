import type { Clock, Timer } from '../core/clock.ts';
import type { CommittedChangeSet, RecordWrite } from '../location/change.ts';
import type { ChangeListener } from '../location/ports.ts';
import type { Floor, PutRecord } from '../location/record.ts';
import { compareVersions } from '../location/version.ts';
import { isSamePlace } from './contact-ping.ts';
import { PingCells } from './ping-cells.ts';
import { PingHand } from './ping-hand.ts';
import { PingRate } from './ping-rate.ts';
import type { PingStatistics } from './ping-statistics.ts';
import { PingWheel, WHEEL_SLOTS } from './ping-wheel.ts';
import type { PingGate, PingObserver } from './ports.ts';
import { Prober, type ProberParts } from './prober.ts';
import type { PingerSettings } from './settings.ts';

export interface NatPingerParts extends ProberParts {
  readonly settings: PingerSettings;
  readonly gate: PingGate;
  readonly clock: Clock;
}

/** Contacts looked at in one turn; then the event loop has its turn. */
const TURN_CONTACTS_MAX = 100;
/** What did not fit into one turn goes on after this pause. */
const CONTINUE_MS = 1;
const TICK_LEAST_MS = 10;
const TICK_MOST_MS = 250;
/** A tick is as long as it takes until about so many are due. */
const TICK_CONTACTS = 50;
/** Whoever pinged before may not have come to those who were due last. */
const UNSENT_MS = 2 * TICK_MOST_MS;
/** With nobody to ping. */
const IDLE_MS = 1000;
/** A turn that comes later than this was kept from coming: the process, or the machine, stood still. For so long nobody is judged then. */
const STALL_MS = 500;
/** How much longer than the interval a round may take before somebody is told. */
const ROUND_SLACK_PART = 0.05;
const ROUND_SLACK_MS = 1000;

/**
 * Keeps phones behind NAT reachable: pings each contact once an interval, and removes those that do not answer, as
 * nathelper does. OpenSIPS pings a slice of its table each second; here each contact has its own moment, a fraction of the
 * interval in cluster time that follows from its address-of-record and key. So pings are spread evenly, and on the node
 * that takes over they go on where the other one stopped. (Another interval gives everybody another moment.)
 *
 * It works only while its gate is open. When the gate closes, pings that are out are dropped, and when it opens nobody has lost any: a
 * loss is judged only by a node that was active for the whole probe.
 */
export class NatPinger implements ChangeListener {
  readonly #parts: NatPingerParts;
  readonly #cells = new PingCells();
  readonly #wheel = new PingWheel(this.#cells);
  readonly #hand = new PingHand();
  readonly #prober: Prober;
  #settings: PingerSettings;
  #rate: PingRate;
  #timer: Timer | undefined;
  #dueMs = 0;
  /** For how long the process has stood still, in all. */
  #stalledMs = 0;
  /** In awake time: until then replies that came during a stall are still being read. */
  #judgesFromMs = -Infinity;
  #isRunning = false;
  #isOpen = false;
  #roundsSeen = 0;
  /** In awake time; undefined until the first round begins. */
  #roundBeganMs: number | undefined;
  #isSlow = false;

  constructor(parts: NatPingerParts) {
    const nowMs = parts.clock.monotonicMs();
    this.#parts = parts;
    this.#settings = parts.settings;
    this.#prober = new Prober(parts, this.#cells, parts.settings, nowMs);
    this.#rate = new PingRate(parts.settings.ratePerS, nowMs);
  }

  /** Takes in what the table held before this listened to it; once. */
  enrolExisting(): void {
    const { table, clusterClock } = this.#parts;
    const nowMs = clusterClock.nowMs();
    for (let id = 0; id < table.recordIdLimit; id++) {
      const known = table.readRecord(id);
      if (known?.record.kind !== 'put' || known.record.expiresAtMs <= nowMs || this.#cells.isEnrolled(id)) continue;
      this.#wheel.add(id, known.aor, known.record.key);
    }
  }

  start(): void {
    this.#isRunning = true;
    this.#dueMs = this.#parts.clock.monotonicMs();
    this.#followGate();
    this.#arm(this.#tickMs());
  }

  /** Nothing is sent or judged any more. */
  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#followGate();
  }

  /** To be called after each change of the gate. */
  gateChanged(): void {
    if (!this.#isRunning) return;
    this.#followGate();
    this.#arm(this.#tickMs());
  }

  /** Settings hold from now on. Losses are kept, and so are pings that are out, unless pinging is switched off. */
  reconfigure(settings: PingerSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.#prober.reconfigure(settings, this.#awakeMs());
    if (settings.ratePerS !== before.ratePerS) {
      this.#rate = new PingRate(settings.ratePerS, this.#parts.clock.monotonicMs());
    }
    if (settings.intervalMs !== before.intervalMs && settings.intervalMs > 0) this.#beginRounds(undefined);
    this.gateChanged();
  }

  /** Hears from the engine of each final response to an OPTIONS. */
  readonly onReply = (token: string, status: number): void => {
    this.#prober.reply(token, status, this.#awakeMs());
  };

  /** Hears from the engine of OPTIONS that it took and the system then refused to send. */
  readonly onUnsent = (token: string): void => {
    this.#prober.unsent(token);
  };

  /** Microseconds that the last answer took; undefined before the first. */
  latencyUsOf(recordId: number): number | undefined {
    const latencyUs = this.#cells.latencyUsOf(recordId);
    return latencyUs === 0 ? undefined : latencyUs;
  }

  addObserver(observer: PingObserver): void {
    this.#prober.observers.push(observer);
  }

  removeObserver(observer: PingObserver): void {
    const { observers } = this.#prober;
    const index = observers.indexOf(observer);
    if (index >= 0) observers.splice(index, 1);
  }

  statistics(): PingStatistics {
    const { counters, unanswered, guardActive } = this.#prober;
    const enrolled = this.#wheel.size;
    return { ...counters, skipped: { ...counters.skipped }, enrolled, unanswered, guardActive, lagMs: this.#lagMs() };
  }

  committed({ aor, writes, floor }: CommittedChangeSet): void {
    if (floor !== undefined) this.#endBelow(floor, aor, writes);
    for (const write of writes) this.#written(aor, write);
  }

  forgotten(_aor: string, recordId: number): void {
    this.#withdraw(recordId);
  }

  /** What a floor ends is not among the writes. */
  #endBelow({ version }: Floor, aor: string, writes: readonly RecordWrite[]): void {
    const { table } = this.#parts;
    for (const { key, version: now } of table.read(aor).records) {
      const recordId = table.recordIdOf(aor, key);
      if (recordId === undefined) continue;
      const write = writes.find((one) => one.recordId === recordId);
      const ended = write === undefined ? now : (write.before?.version ?? now);
      if (compareVersions(ended, version) <= 0) this.#withdraw(recordId);
    }
  }

  #written(aor: string, { recordId, before, after }: RecordWrite): void {
    if (after.kind !== 'put') this.#withdraw(recordId);
    else if (!this.#cells.isEnrolled(recordId)) this.#wheel.add(recordId, aor, after.key);
    else if (before?.kind === 'put' && !goesOn(before, after)) this.#cells.startOver(recordId);
  }

  #withdraw(recordId: number): void {
    if (this.#cells.isEnrolled(recordId)) this.#wheel.remove(recordId);
  }

  #turn(): void {
    this.#timer = undefined;
    this.#followGate();
    if (!this.#isOpen) {
      this.#arm(IDLE_MS);
      return;
    }
    const awakeMs = this.#awakeMs();
    const moreVerdicts = awakeMs >= this.#judgesFromMs && this.#prober.judge(awakeMs, this.#wheel.size);
    const pause = this.#ping();
    this.#watchRounds();
    this.#arm(moreVerdicts ? CONTINUE_MS : pause);
  }

  /** Sends what is due, as far as the turn and the rate allow. Returns the pause until the next turn. */
  #ping(): number {
    const target = this.#target();
    this.#wheel.keepUpWith(target);
    this.#rate.earn(this.#parts.clock.monotonicMs());
    for (let looks = 0; looks < TURN_CONTACTS_MAX; looks++) {
      if (!this.#rate.allows || this.#prober.isFull) return Math.max(TICK_LEAST_MS, this.#rate.waitMs);
      const recordId = this.#wheel.take(target);
      if (recordId === undefined) return this.#tickMs();
      if (this.#prober.ping(recordId, this.#awakeMs())) this.#rate.spend();
    }
    return CONTINUE_MS;
  }

  #arm(delayMs: number): void {
    const { clock } = this.#parts;
    this.#timer?.cancel();
    this.#dueMs = clock.monotonicMs() + delayMs;
    this.#timer = clock.after(delayMs, () => this.#turn());
  }

  /** Until some are due, or a verdict is. */
  #tickMs(): number {
    const { size } = this.#wheel;
    const { intervalMs } = this.#settings;
    const tillVerdictMs = this.#prober.nextVerdictMs - this.#awakeMs();
    if (!this.#isOpen || (size === 0 && tillVerdictMs === Infinity)) return IDLE_MS;
    const tickMs = Math.min(TICK_MOST_MS, (TICK_CONTACTS * intervalMs) / Math.max(1, size), tillVerdictMs);
    return Math.max(TICK_LEAST_MS, tickMs);
  }

  /** Opens and closes with the gate. */
  #followGate(): void {
    const isOpen = this.#isRunning && this.#settings.intervalMs > 0 && this.#parts.gate.isOpen;
    if (isOpen === this.#isOpen) return;
    this.#isOpen = isOpen;
    this.#prober.reset(this.#awakeMs());
    if (!isOpen) return;
    const { recordIdLimit } = this.#parts.table;
    for (let id = 0; id < recordIdLimit; id++) this.#cells.forgetLosses(id);
    this.#beginRounds(this.#parts.gate.silentSinceMs);
  }

  /** From that moment of cluster time on, at most a round back, or from the present one; what was due before is left out. */
  #beginRounds(sinceMs: number | undefined): void {
    const nowMs = this.#parts.clusterClock.nowMs();
    const fromMs = sinceMs === undefined ? nowMs : sinceMs - UNSENT_MS;
    this.#hand.begin(nowMs, Math.min(nowMs, Math.max(fromMs, nowMs - this.#settings.intervalMs)));
    this.#wheel.moveTo(this.#target());
    this.#roundsSeen = this.#wheel.rounds;
    this.#roundBeganMs = undefined;
    this.#isSlow = false;
  }

  /** The slot that it is time for, counted from the beginning of cluster time. */
  #target(): number {
    const atMs = this.#hand.atMs(this.#parts.clusterClock.nowMs());
    return Math.floor((atMs / this.#settings.intervalMs) * WHEEL_SLOTS);
  }

  #lagMs(): number {
    if (!this.#isOpen || this.#wheel.size === 0) return 0;
    return Math.round((this.#wheel.behind(this.#target()) * this.#settings.intervalMs) / WHEEL_SLOTS);
  }

  /** The monotonic clock without the time in which the process stood still: so long nobody's answer could be read. */
  #awakeMs(): number {
    this.#noteStall();
    return this.#parts.clock.monotonicMs() - this.#stalledMs;
  }

  /** A stall shows by a timer that is overdue: a reply, or whoever has other settings, may come before the late turn. */
  #noteStall(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const lateMs = nowMs - this.#dueMs;
    if (!this.#isRunning || lateMs <= STALL_MS) return;
    this.#dueMs = nowMs;
    this.#stalledMs += lateMs;
    this.#judgesFromMs = this.#awakeMs() + STALL_MS;
    this.#parts.log.debug({ lateMs }, 'the process stood still; pings that are out have so much longer to be answered');
  }

  #watchRounds(): void {
    if (this.#wheel.rounds === this.#roundsSeen) return;
    this.#roundsSeen = this.#wheel.rounds;
    const awakeMs = this.#awakeMs();
    const roundMs = awakeMs - (this.#roundBeganMs ?? awakeMs);
    this.#roundBeganMs = awakeMs;
    const { intervalMs, ratePerS } = this.#settings;
    const isSlow = roundMs > intervalMs * (1 + ROUND_SLACK_PART) + ROUND_SLACK_MS;
    if (isSlow === this.#isSlow) return;
    this.#isSlow = isSlow;
    const fields = { roundMs: Math.round(roundMs), intervalMs, contacts: this.#wheel.size, maxRate: ratePerS };
    const { log } = this.#parts;
    if (isSlow) log.warn(fields, 'a round of pings takes longer than natping_interval');
    else log.info(fields, 'rounds of pings take no longer than natping_interval again');
  }
}

/** The same contact, in the same place, that had not expired when it was written again. */
function goesOn(before: PutRecord, after: PutRecord): boolean {
  return before.expiresAtMs > after.version.ms && isSamePlace(before, after);
}
