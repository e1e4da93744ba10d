import { OperationalError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { timeText } from '../core/time-text.ts';
import type { RoleAnnouncement } from './role-announcement.ts';
import { RoleFile } from './role-file.ts';
import { RoleMachine } from './role-machine.ts';
import type { RoleName } from './role-name.ts';
import { readStoredFlag, type RoleClock } from './stored-flag.ts';

interface RoleSettings {
  /** The role file. */
  readonly path: string;
  /** The flag while no file says otherwise. A node of its own is active. */
  readonly atFirst: RoleName;
  readonly nodeId: number;
}

/** Hears of what it follows, in order, right when it happens; must not throw. */
export interface RoleListener {
  /** The twin has to be told: the role was taken, given up, or ordered again, or its time was moved. `announcement` has what to say. */
  announced?(): void;
  /** `isOpen` is another one now. */
  gateChanged?(): void;
}

type Step = Parameters<RoleMachine['step']>[0];
type Effect = ReturnType<RoleMachine['step']>[number];

/**
 * The role of this node: the machine, its file, and those who follow it. It is the pinger's gate, what `nh_enable_ping` sets,
 * and what is announced to the twin.
 */
export class Role {
  readonly #machine: RoleMachine;
  readonly #file: RoleFile;
  readonly #atFirst: RoleName;
  readonly #clock: RoleClock;
  readonly #log: Log;
  readonly #listeners: RoleListener[] = [];
  /** Settles when the file has been written as was asked for last. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  /** The write that has not begun yet: orders that come until then share it, and it stores the last of them. */
  #nextWrite: Promise<void> | undefined;

  private constructor(machine: RoleMachine, file: RoleFile, atFirst: RoleName, clock: RoleClock, log: Log) {
    this.#machine = machine;
    this.#file = file;
    this.#atFirst = atFirst;
    this.#clock = clock;
    this.#log = log;
  }

  /** Takes the role over from the file. One that says nothing usable is warned about and left as it is until the role is set. */
  static async open({ path, atFirst, nodeId }: RoleSettings, clock: RoleClock, log: Log): Promise<Role> {
    const file = new RoleFile(path);
    const stored = await readStoredFlag(file, atFirst, clock, log);
    return new Role(new RoleMachine(nodeId, stored, clock.nowMs()), file, atFirst, clock, log);
  }

  get name(): RoleName {
    return this.#machine.role;
  }

  /** Whether this node pings and judges now: its flag is set, and it does not yield. */
  get isOpen(): boolean {
    return this.#machine.isOpen;
  }

  /** The flag of `nh_enable_ping`. */
  get isOn(): boolean {
    return this.name === 'active';
  }

  /** The flag is set, and the twin pings all the same, since it was given the role later. */
  get isYielding(): boolean {
    return this.#machine.isYielding;
  }

  /** When the role was taken, in cluster time; undefined while the flag is off. */
  get takenAtMs(): number | undefined {
    return this.#machine.announcement?.takenAtMs;
  }

  /** What the twin has to know; undefined while the flag is off. */
  get announcement(): RoleAnnouncement | undefined {
    return this.#machine.announcement;
  }

  /** The twin, while it announces the role and this node has it too: whoever moves the role has left it in two places. */
  get otherActive(): RoleAnnouncement | undefined {
    return this.#machine.bothActive?.twin;
  }

  /** Hears of changes from now on. */
  addListener(listener: RoleListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Sets the flag, at once; set again it is taken anew. Resolves when the role file holds it, or what was set after it; when the file
   * cannot be written, rejects with an OperationalError that says what a restart would bring, and the flag stays set: who called has
   * moved the address already, and two nodes that ping are worse than one that forgets.
   */
  turn(isOn: boolean, reason = 'nh_enable_ping'): Promise<void> {
    return this.#step({ kind: 'set', role: isOn ? 'active' : 'passive', nowMs: this.#clock.nowMs() }, reason);
  }

  /**
   * To be called after cluster time was moved by so much: this node adopted the twin's. Acts at once; resolves when the role
   * file has the time that was moved with it. Never rejects: nobody asked, and that it could not be written has been logged.
   */
  async clockShifted(byMs: number): Promise<void> {
    const step = this.#step({ kind: 'clock-shifted', byMs, nowMs: this.#clock.nowMs() }, 'clock adopted');
    await step.catch(() => undefined);
  }

  /** To be called whenever the twin's announcement may be another one. @param announcement undefined: it is passive, or there is no link */
  twinAnnounced(announcement: RoleAnnouncement | undefined): void {
    const reason =
      announcement === undefined ? 'the twin has not got it, or there is no link' : 'the twin announced it';
    void this.#step({ kind: 'twin', announcement }, reason);
  }

  /** Resolves when what had to be stored is. */
  #step(input: Step, reason: string): Promise<void> {
    let stored = Promise.resolve();
    for (const effect of this.#machine.step(input)) {
      if (effect.kind === 'store') stored = this.#store();
      else this.#perform(effect, reason);
    }
    return stored;
  }

  #perform(effect: Exclude<Effect, { kind: 'store' }>, reason: string): void {
    switch (effect.kind) {
      case 'changed':
        this.#log.info({ from: effect.from, to: effect.to, reason }, 'role changed');
        break;
      case 'yielding':
        this.#logYielding(effect, reason);
        break;
      case 'announced':
        for (const listener of this.#listeners) listener.announced?.();
        break;
      case 'gate-changed':
        for (const listener of this.#listeners) listener.gateChanged?.();
        break;
    }
  }

  #logYielding({ isYielding, both: { own, twin } }: Extract<Effect, { kind: 'yielding' }>, reason: string): void {
    const message = isYielding
      ? 'both nodes have the role, the twin was given it later: this one yields'
      : 'this node does not yield any more';
    const takenAt = takenText(own);
    const twinTakenAt = takenText(twin);
    this.#log.info({ nodeId: own.nodeId, takenAt, twinId: twin.nodeId, twinTakenAt, reason }, message);
  }

  #store(): Promise<void> {
    if (this.#nextWrite !== undefined) return this.#nextWrite;
    const next = this.#lastWrite.then(() => {
      this.#nextWrite = undefined;
      return this.#write(this.name, this.takenAtMs);
    });
    this.#nextWrite = next;
    this.#lastWrite = next.catch(() => undefined);
    return next;
  }

  async #write(flag: RoleName, takenAtMs: number | undefined): Promise<void> {
    try {
      await this.#file.write(takenAtMs);
    } catch (err) {
      const found = await this.#file.read();
      const next = found.kind === 'role' ? found.role : this.#atFirst;
      const { path } = this.#file;
      this.#log.warn({ err, path, flag, next }, 'the role file cannot be written');
      const reason = err instanceof Error ? err.message : String(err);
      throw new OperationalError(
        `this node is ${flag} now, but the role file ${path} cannot be written (${reason}); after a restart it would be ${next}`,
        { cause: err },
      );
    }
  }
}

/** A new pair's first active node was given the role by nobody. */
function takenText({ takenAtMs }: RoleAnnouncement): string {
  return takenAtMs === 0 ? 'never' : timeText(takenAtMs);
}
