import type { PutRecord } from '../../../lib/location/record.ts';
import type { Version } from '../../../lib/location/version.ts';
import { compareVersions } from '../../../lib/location/version.ts';
import type { ContactName } from '../history/planned-event.ts';
import { aorName, contactOf } from './contacts.ts';
import type { ProcessLoop } from './process-loop.ts';
import type { SimProcess } from './sim-process.ts';

/** What becomes of lost pings. */
export interface PingOutcome {
  nothing(why: string): void;
  hidden(): void;
  /** The contact is judged gone: `commit` does it, and calls what it is given when that has passed the gates. */
  judge(commit: (done: () => void) => void): void;
}

/**
 * The pinger's judgement alone, without pings: all of one contact's are lost. Rules 27 and 28: it is judged at the version
 * that was pinged, by a node that had the role, and did not yield it, for the whole probe; out of sync it is hidden here.
 */
export class SimPinger {
  readonly #process: SimProcess;
  readonly #loop: ProcessLoop;
  /** Grows when this node stops being the one that judges: losses counted before mean nothing. */
  #epoch = 0;
  #wasActive = false;
  /** Versions of bindings that are hidden here. */
  #hidden: Version[] = [];

  constructor(process: SimProcess, loop: ProcessLoop) {
    this.#process = process;
    this.#loop = loop;
  }

  /** This node pings and judges. */
  get isActive(): boolean {
    return this.#process.role.isOpen;
  }

  /** Whether this node alone does not show the binding. */
  hides(version: Version): boolean {
    return this.#hidden.some((each) => compareVersions(each, version) === 0);
  }

  /** The node is in sync, and shows again what it hid. */
  showHidden(): void {
    this.#hidden = [];
    this.#process.table.showHidden();
  }

  /** To be called when anything happened. */
  look(): void {
    const { isActive } = this;
    if (this.#wasActive && !isActive) this.#epoch++;
    this.#wasActive = isActive;
  }

  /** The last of the pings is lost `judgedAfterMs` from now. */
  lose(aor: number, contact: ContactName, judgedAfterMs: number, outcome: PingOutcome): void {
    const pinged = this.isActive ? this.#shown(aor, contact) : undefined;
    if (pinged === undefined) {
      outcome.nothing('it does not ping that');
      return;
    }
    const epoch = this.#epoch;
    this.#loop.after(judgedAfterMs, () => {
      this.look();
      if (epoch === this.#epoch) this.#judge(aorName(aor), pinged, outcome);
      else outcome.nothing('it yielded meanwhile');
    });
  }

  #shown(aor: number, contact: ContactName): PutRecord | undefined {
    const { table, clusterClock } = this.#process;
    const live = table.live(table.read(aorName(aor)), clusterClock.nowMs());
    return live.find(({ contactUri }) => contactOf(contactUri) === contact);
  }

  #judge(aor: string, { key, version }: PutRecord, outcome: PingOutcome): void {
    const { table, isInSync } = this.#process;
    if (isInSync) {
      const changes = [{ kind: 'judge', key, version, reason: 'pings-lost' }] as const;
      outcome.judge((done) => void this.#process.commit(aor, 'ping', changes, done));
      return;
    }
    table.hideLocally(aor, key, version);
    this.#hidden.push(version);
    outcome.hidden();
  }
}
