import type { Log } from '../core/log.ts';
import type { Random } from '../core/random.ts';
import type { LocationRecord, PutRecord } from '../location/record.ts';
import type { Version } from '../location/version.ts';
import type { NextHop, SendOutcome } from '../sip/engine.ts';
import { contactPing, hasFlag, type OwnAddressTest } from './contact-ping.ts';
import { LossGuard, type Loss } from './loss-guard.ts';
import type { PingCells } from './ping-cells.ts';
import { PingCounters } from './ping-statistics.ts';
import type { PingedTable, PingJudge, PingObserver, PingSender, RemovalPermit } from './ports.ts';
import { ProbeRing, type OverdueProbe, type Probe } from './probe-ring.ts';
import { GUARDED_LEAST, RecentContacts } from './recent-contacts.ts';
import type { PingerSettings } from './settings.ts';

export interface ProberParts {
  readonly table: PingedTable;
  readonly judge: PingJudge;
  readonly removal: RemovalPermit;
  readonly sender: PingSender;
  readonly isOwnAddress: OwnAddressTest;
  readonly clusterClock: { nowMs(): number };
  readonly random: Random;
  readonly log: Log;
}

/** A contact that the guard has no verdict on yet. */
interface Waiting {
  readonly probe: OverdueProbe;
  readonly lostInARow: number;
  /** The last ping sent before it that was replied to. */
  readonly repliedBefore: number;
}

/** A contact as it is now, and its AoR. */
interface Contact {
  readonly aor: string;
  readonly record: PutRecord;
}

/** Verdicts of one turn, so that it stays short although each may change the table. */
const TURN_VERDICTS_MAX = 50;

/**
 * Sends a ping to one contact, hears replies, and judges what has none. It has no timer: the pinger says when. Its time is
 * the *awake* time, in which the process was not stalled: replies may lie unread in the socket meanwhile.
 *
 * A reply counts once, for the very probe that it answers. A refresh that comes between a ping and its verdict changes
 * nothing about the losses, as in OpenSIPS: it says that the phone can reach us, and the ping asks whether we can reach the phone. But
 * it wins over the verdict, which is about the version that was pinged. When the refresh comes from another place, what
 * was sent to the old one is dropped and the losses start at 0.
 */
export class Prober {
  readonly counters = new PingCounters();
  readonly observers: PingObserver[] = [];
  readonly #parts: ProberParts;
  readonly #cells: PingCells;
  readonly #ring: ProbeRing;
  #settings: PingerSettings;
  #guard: LossGuard;
  #guardActive = false;
  readonly #recent = new RecentContacts();
  /** As of the last turn. */
  #enrolled = 0;
  /** At most GUARDED_LEAST: with more sent and none replied to, the guard turns bad and nobody waits any more. */
  #waiting: Waiting[] = [];
  /** Of the pings that are dealt with, the last one that was replied to. */
  #repliedBefore = -1;

  constructor(parts: ProberParts, cells: PingCells, settings: PingerSettings, awakeMs: number) {
    this.#parts = parts;
    this.#cells = cells;
    this.#ring = new ProbeRing(parts.random);
    this.#settings = settings;
    this.#guard = this.#newGuard(awakeMs);
  }

  get unanswered(): number {
    return this.#ring.unanswered;
  }

  get guardActive(): boolean {
    return this.#guardActive;
  }

  /** So many pings are out that no more may be sent before some are judged. */
  get isFull(): boolean {
    return this.#ring.isFull;
  }

  /** When the next verdict is due, in awake time; Infinity when nobody is waited for. */
  get nextVerdictMs(): number {
    return this.#ring.oldestSentAtMs + this.#settings.thresholdMs;
  }

  /** The round starts anew when its length, or the time for an answer, is another. */
  reconfigure(settings: PingerSettings, awakeMs: number): void {
    const { intervalMs, thresholdMs } = this.#settings;
    this.#settings = settings;
    if (settings.intervalMs !== intervalMs || settings.thresholdMs !== thresholdMs) this.#newRound(awakeMs);
  }

  /** Nothing that was sent is waited for any more, and what was lost in this round is forgotten. */
  reset(awakeMs: number): void {
    this.#ring.clear();
    this.#repliedBefore = this.#ring.sent - 1;
    this.#newRound(awakeMs);
  }

  /**
   * Pings the contact, if it is shown, or hidden for its lost pings alone, and can be pinged. Returns whether something was sent. Losses are in a row only from
   * one interval to the next: when no OPTIONS leaves in the contact's turn, they are forgotten.
   */
  ping(recordId: number, awakeMs: number): boolean {
    const contact = this.#contact(recordId);
    const sent = contact === undefined ? undefined : this.#send(recordId, contact.aor, contact.record, awakeMs);
    if (sent !== 'options') this.#cells.forgetLosses(recordId);
    return sent !== undefined;
  }

  /** A final response to one of our OPTIONS, or what pretends to be one. */
  reply(token: string, status: number, awakeMs: number): void {
    const number = this.#ring.find(token);
    if (number === undefined) {
      this.counters.strayReplies++;
      return;
    }
    if (this.#settings.ignoredStatuses.has(status)) {
      this.counters.ignoredReplies++;
      this.#ring.hear(number);
    } else {
      const probe = this.#ring.answer(number);
      if (this.#isStale(probe)) this.counters.strayReplies++;
      else this.#answered(probe, status, awakeMs);
      this.#passSettled();
    }
    this.#decideWaiting(number, awakeMs);
  }

  /** The system refused to send this probe: no lost ping, and an end of any row of them. */
  unsent(token: string): void {
    const number = this.#ring.find(token);
    if (number === undefined) return;
    const probe = this.#ring.withdraw(number);
    this.counters.skipped.unsent++;
    if (!this.#isStale(probe)) this.#cells.forgetLosses(probe.recordId);
    this.#passSettled();
  }

  /** Judges what is overdue. Returns whether more is, which did not fit into this turn. */
  judge(awakeMs: number, enrolled: number): boolean {
    this.#enrolled = enrolled;
    for (let verdicts = 0; verdicts < TURN_VERDICTS_MAX && this.nextVerdictMs <= awakeMs; verdicts++) {
      this.#overdue(this.#ring.passOverdue(), awakeMs);
      this.#passSettled();
    }
    if (this.#guard.hasNoOpinion(enrolled, awakeMs)) this.#decideWaiting(undefined, awakeMs);
    this.#watchGuard(awakeMs);
    return this.nextVerdictMs <= awakeMs;
  }

  #passSettled(): void {
    this.#ring.passSettled((number, sentAtMs) => {
      this.#repliedBefore = number;
      this.#guard.answered(sentAtMs);
    });
  }

  #send(recordId: number, aor: string, record: PutRecord, awakeMs: number): 'options' | 'keep-alive' | undefined {
    const ping = contactPing(record, this.#settings, this.#parts.isOwnAddress);
    switch (ping.kind) {
      case 'none':
        return undefined;
      case 'unreadable':
      case 'unresolved':
        this.counters.skipped[ping.kind]++;
        return undefined;
      case 'keep-alive':
        return this.#keepAlive(aor, record, ping.hop) ? ping.kind : undefined;
      case 'options':
        return this.#probe(recordId, aor, record, ping.hop, awakeMs) ? ping.kind : undefined;
    }
  }

  #keepAlive(aor: string, record: PutRecord, hop: NextHop): boolean {
    if (!this.#wasSent(this.#parts.sender.sendKeepAlive(hop, record.binding.socket))) return false;
    this.counters.keepAlivesSent++;
    for (const observer of this.observers) observer.sent?.(aor, record.contactUri, hop, 'keep-alive');
    return true;
  }

  #probe(recordId: number, aor: string, record: PutRecord, hop: NextHop, awakeMs: number): boolean {
    const { contactUri, binding, version } = record;
    const ticket = this.#ring.nextTicket();
    const outcome = this.#parts.sender.sendOptions({
      token: ticket.token,
      requestUri: contactUri,
      fromUri: this.#settings.fromUri,
      route: binding.path,
      nextHop: hop,
      socketName: binding.socket,
    });
    if (!this.#wasSent(outcome)) return false;
    this.#ring.push(ticket, { recordId, generation: this.#cells.generationOf(recordId), sentAtMs: awakeMs, version });
    this.#recent.asked(recordId, awakeMs);
    this.counters.optionsSent++;
    for (const observer of this.observers) observer.sent?.(aor, contactUri, hop, 'options');
    return true;
  }

  /**
   * What the engine did not take says nothing about the phone, and is no lost ping. (OpenSIPS counts it as one.) What it took,
   * and the system then refused, comes back by `unsent`.
   */
  #wasSent(outcome: SendOutcome): boolean {
    if (outcome === 'sent') return true;
    this.counters.skipped[outcome]++;
    return false;
  }

  /** The contact is gone or lives in another place now. */
  #isStale({ recordId, generation }: Probe): boolean {
    return !this.#cells.isEnrolled(recordId) || this.#cells.generationOf(recordId) !== generation;
  }

  #answered({ recordId, sentAtMs }: Probe, status: number, awakeMs: number): void {
    const latencyMs = Math.max(0, awakeMs - sentAtMs);
    this.#cells.forgetLosses(recordId);
    this.#cells.setLatencyUs(recordId, latencyMs * 1000);
    this.counters.answered++;
    const { table } = this.#parts;
    if (this.observers.length === 0 && table.hiddenCount === 0) return;
    const known = table.readRecord(recordId);
    if (known === undefined) return;
    for (const observer of this.observers) {
      observer.answered?.(known.aor, known.record.contactUri, status, latencyMs);
    }
    this.#show(known.aor, known.record);
  }

  /** Who answers is no longer hidden here. */
  #show(aor: string, { key, contactUri }: LocationRecord): void {
    const { judge, log } = this.#parts;
    if (judge.showLocally(aor, key)) log.info({ aor, contactUri }, 'contact shown again: it answers pings');
  }

  #overdue(probe: OverdueProbe, awakeMs: number): void {
    const { number, sentAtMs, isHeard } = probe;
    const repliedBefore = this.#repliedBefore;
    if (isHeard) this.#repliedBefore = number;
    if (this.#isStale(probe)) return;
    const lostInARow = this.#cells.addLoss(probe.recordId);
    this.counters.lost++;
    this.#guard.lost(sentAtMs, isHeard);
    if (this.#ring.lastReplied < number) this.#guard.unheardSince(this.#ring.sent - number - 1, awakeMs);
    const isTooMany = lostInARow >= this.#settings.lostMax;
    if (!isTooMany && this.observers.length === 0) return;
    const contact = this.#contact(probe.recordId);
    if (contact === undefined) return;
    for (const observer of this.observers) observer.lost?.(contact.aor, contact.record.contactUri, lostInARow);
    if (isTooMany) this.#decide({ probe, lostInARow, repliedBefore }, awakeMs, this.#firstReplied(probe));
  }

  /** The first ping sent after this overdue one that was replied to; undefined: none; Infinity: not among the next ones. */
  #firstReplied({ number }: OverdueProbe): number | undefined {
    if (this.#ring.lastReplied <= number) return undefined;
    return this.#ring.firstReplied(GUARDED_LEAST) ?? Infinity;
  }

  /** @param repliedAfter of the pings sent later, the first one that was replied to. */
  #decide(waiting: Waiting, awakeMs: number, repliedAfter: number | undefined): void {
    const { probe, lostInARow, repliedBefore } = waiting;
    const loss: Loss = {
      sentAtMs: probe.sentAtMs,
      lostInARow,
      row: probe.isHeard ? 0 : (repliedAfter ?? this.#ring.sent) - repliedBefore - 1,
      isOpen: !probe.isHeard && repliedAfter === undefined,
    };
    const verdict = this.#guard.judge(loss, this.#enrolled, awakeMs);
    if (verdict === 'remove') this.#remove(probe, lostInARow);
    else if (verdict === 'wait') this.#waiting.push(waiting);
  }

  /** All who wait were sent before `repliedAfter`, since nothing that was sent after any of them had been replied to. */
  #decideWaiting(repliedAfter: number | undefined, awakeMs: number): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) this.#decide(one, awakeMs, repliedAfter);
  }

  /** If it is still as it was when the ping was lost: from both nodes, or from this one's view as long as that must do. */
  #remove(probe: Probe, lostInARow: number): void {
    const { table, clusterClock, removal } = this.#parts;
    if (this.#isStale(probe) || this.#cells.lossesOf(probe.recordId) < this.#settings.lostMax) return;
    const shown = table.readShown(probe.recordId, clusterClock.nowMs());
    if (shown === undefined || !hasFlag(shown.record.binding, this.#settings.removalFlag)) return;
    if (removal.mayRemove) this.#judge(shown, probe.version, lostInARow);
    else this.#hide(shown, probe.version, lostInARow);
  }

  #judge({ aor, record }: Contact, version: Version, pingsLost: number): void {
    const { judge, clusterClock, log } = this.#parts;
    const { key, contactUri } = record;
    const changes = [{ kind: 'judge', key, version, reason: 'pings-lost' } as const];
    const outcome = judge.commit({ aor, origin: 'ping', changes }, clusterClock.nowMs());
    if ('refused' in outcome || outcome.writes.length === 0) return;
    this.counters.removed++;
    log.info({ aor, contactUri, pingsLost }, 'contact removed: it does not answer pings');
    for (const observer of this.observers) observer.removed?.(aor, contactUri);
  }

  #hide({ aor, record }: Contact, version: Version, pingsLost: number): void {
    const { judge, log } = this.#parts;
    const { key, contactUri } = record;
    if (!judge.hideLocally(aor, key, version)) return;
    this.counters.hidden++;
    log.info({ aor, contactUri, pingsLost }, 'contact hidden: it does not answer pings, and the twin is out of sync');
    for (const observer of this.observers) observer.hidden?.(aor, contactUri);
  }

  #contact(recordId: number): Contact | undefined {
    const { table, clusterClock } = this.#parts;
    const nowMs = clusterClock.nowMs();
    return table.readShown(recordId, nowMs) ?? table.readHidden(recordId, nowMs);
  }

  #newRound(awakeMs: number): void {
    this.#guard = this.#newGuard(awakeMs);
    this.#guardActive = false;
    this.#waiting = [];
  }

  #newGuard(awakeMs: number): LossGuard {
    const { intervalMs, thresholdMs } = this.#settings;
    return new LossGuard(this.#recent, Math.max(1, intervalMs), thresholdMs, awakeMs);
  }

  #watchGuard(awakeMs: number): void {
    const isBad = this.#guard.isBad(awakeMs);
    if (isBad) this.#waiting = [];
    if (isBad === this.#guardActive) return;
    this.#guardActive = isBad;
    const { log } = this.#parts;
    const { intervalMs } = this.#settings;
    if (isBad) {
      const message =
        'more than half of the pings are lost: our own network is more likely at fault, nobody is removed';
      log.warn({ ...this.#guard.round, intervalMs }, message);
    } else {
      log.info({ ...this.#guard.round, intervalMs }, 'pings are answered again: who does not answer is removed again');
    }
  }
}
