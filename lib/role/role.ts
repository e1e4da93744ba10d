import { OperationalError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { timeText } from '../core/time-text.ts';
import type { AddressRule } from './address-rule.ts';
import { PingSilence } from './ping-silence.ts';
import type { RoleAnnouncement } from './role-announcement.ts';
import { RoleFile } from './role-file.ts';
import { RoleMachine, type BothActive } from './role-machine.ts';
import type { RoleName } from './role-name.ts';
import { readStoredFlag, WHERE_THE_ADDRESS_IS, type FirstRole, type RoleClock } from './stored-flag.ts';

interface RoleSettings {
  /** The role file. */
  readonly path: string;
  /** The flag while no file says otherwise. A node of its own is active. */
  readonly atFirst: FirstRole;
  readonly nodeId: number;
  /** Whether the address can leave, so that `addressChanged` says where it is; without it, it cannot. */
  readonly address?: Exclude<AddressRule, 'followed'>;
}

/** Hears of what it follows, in order, right when it happens; must not throw. */
export interface RoleListener {
  /** The twin has to be told: the role was taken, given up, or ordered again, or its time was moved. `announcement` has what to say. */
  announced?(): void;
  /** `isOpen` is another one now. */
  gateChanged?(): void;
  /** The flag is about to be set: whoever can say better than before where the address is should do so now. */
  ordered?(): void;
  /** It is known whether the address is here, or that has changed. */
  addressChanged?(isHere: boolean): void;
  /** The node became active or passive, and why. */
  roleChanged?(role: RoleName, reason: string): void;
  /** Both nodes are active from now on, or were until now; `both` is what they announced last. */
  bothActiveChanged?(isBoth: boolean, both: BothActive, reason: string): void;
}

/** The reason of what follows from the end of the link. */
export const LINK_ENDED = 'the link to the other node ended';

type Step = Parameters<RoleMachine['step']>[0];
type Effect = ReturnType<RoleMachine['step']>[number];

/**
 * The role of this node: the machine, its file, and those who follow it. It is the pinger's gate, what `nh_enable_ping` sets,
 * and what is announced to the twin.
 */
export class Role {
  readonly #machine: RoleMachine;
  readonly #file: RoleFile;
  readonly #atFirst: FirstRole;
  readonly #clock: RoleClock;
  readonly #log: Log;
  readonly #listeners: RoleListener[] = [];
  readonly #silence = new PingSilence();
  /** Settles when the file has been written as was asked for last. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  /** The write that has not begun yet: orders that come until then share it, and it stores the last of them. */
  #nextWrite: Promise<void> | undefined;
  /** Whether an order is among those that share it. */
  #nextIsOrdered = false;

  private constructor(machine: RoleMachine, file: RoleFile, atFirst: FirstRole, clock: RoleClock, log: Log) {
    this.#machine = machine;
    this.#file = file;
    this.#atFirst = atFirst;
    this.#clock = clock;
    this.#log = log;
  }

  /** Takes the role over from the file. One that says nothing usable is warned about and left as it is until the role is set. */
  static async open(settings: RoleSettings, clock: RoleClock, log: Log): Promise<Role> {
    const { path, atFirst, nodeId, address = 'always-here' } = settings;
    const file = new RoleFile(path);
    const stored = await readStoredFlag(file, atFirst, clock, log);
    const rule = atFirst === WHERE_THE_ADDRESS_IS && !stored.isOrdered ? 'followed' : address;
    return new Role(new RoleMachine(nodeId, stored, clock.nowMs(), rule), file, atFirst, clock, log);
  }

  /** Active: the flag is set, and the address is here. */
  get name(): RoleName {
    return this.#machine.role;
  }

  /** Whether this node pings and judges now: it is active, and does not yield. */
  get isOpen(): boolean {
    return this.#machine.isOpen;
  }

  /** Since when nobody may have pinged, while this node does not; in cluster time. Undefined: nobody is known to have pinged before. */
  get silentSinceMs(): number | undefined {
    return this.#silence.sinceMs(this.#clock.nowMs());
  }

  /** The flag of `nh_enable_ping`. */
  get isOn(): boolean {
    return this.#machine.flag === 'active';
  }

  /** As was said last. */
  get isAddressHere(): boolean {
    return this.#machine.isAddressHere;
  }

  /** This node is active, and the twin pings all the same, since it became so later. */
  get isYielding(): boolean {
    return this.#machine.isYielding;
  }

  /** When the role was taken, in cluster time; undefined while this node is passive. */
  get takenAtMs(): number | undefined {
    return this.#machine.announcement?.takenAtMs;
  }

  /** What the twin has to know; undefined while this node is passive. */
  get announcement(): RoleAnnouncement | undefined {
    return this.#machine.announcement;
  }

  /** Whether the twin is active, as far as can be known: what it said before this node took over from it does not count. */
  get isTwinActive(): boolean {
    return this.#machine.isTwinActive;
  }

  /** The twin, while both nodes are active, and it has said so since this one is: whoever moves the address has left it in two places. */
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
    for (const listener of this.#listeners) listener.ordered?.();
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

  /** To be called when it is known whether the address is here, and whenever that changes. Never rejects: what could not be stored has been logged. */
  async addressChanged(isHere: boolean): Promise<void> {
    const reason = isHere ? 'the address is here' : 'the address is not here';
    await this.#step({ kind: 'address', isHere, nowMs: this.#clock.nowMs() }, reason).catch(() => undefined);
  }

  /**
   * To be called whenever the twin has said what it announces, also when that is what it said before, and when the link to it ended.
   * @param announcement undefined: it is passive, or there is no link
   */
  twinAnnounced(announcement: RoleAnnouncement | undefined, isLinked = true): void {
    this.#silence.twinAnnounced(announcement, this.#clock.nowMs());
    const absence = isLinked ? 'the twin has not got it' : LINK_ENDED;
    const reason = announcement === undefined ? absence : 'the twin announced it';
    void this.#step({ kind: 'twin', announcement }, reason);
  }

  /** Resolves when what had to be stored is. */
  #step(input: Step, reason: string): Promise<void> {
    let stored = Promise.resolve();
    for (const effect of this.#machine.step(input)) {
      if (effect.kind === 'store') stored = this.#store(effect.isOrdered);
      else this.#perform(effect, reason);
    }
    return stored;
  }

  #perform(effect: Exclude<Effect, { kind: 'store' }>, reason: string): void {
    if (effect.kind === 'flag-changed') this.#log.info({ flag: effect.flag, reason }, 'flag changed');
    if (effect.kind === 'changed') this.#log.info({ from: effect.from, to: effect.to, reason }, 'role changed');
    if (effect.kind === 'yielding') this.#logYielding(effect, reason);
    if (effect.kind === 'gate-changed' && !this.isOpen) this.#silence.stopped(this.#clock.nowMs());
    for (const listener of this.#listeners) tell(listener, effect, reason);
  }

  #logYielding({ isYielding, both: { own, twin } }: Extract<Effect, { kind: 'yielding' }>, reason: string): void {
    const message = isYielding
      ? 'both nodes have the role, the twin was given it later: this one yields'
      : 'this node does not yield any more';
    const takenAt = takenText(own);
    const twinTakenAt = takenText(twin);
    this.#log.info({ nodeId: own.nodeId, takenAt, twinId: twin.nodeId, twinTakenAt, reason }, message);
  }

  #store(isOrdered: boolean): Promise<void> {
    this.#nextIsOrdered ||= isOrdered;
    if (this.#nextWrite !== undefined) return this.#nextWrite;
    const next = this.#lastWrite.then(() => {
      const isOrder = this.#nextIsOrdered;
      this.#nextWrite = undefined;
      this.#nextIsOrdered = false;
      return this.#write(isOrder);
    });
    this.#nextWrite = next;
    this.#lastWrite = next.catch(() => undefined);
    return next;
  }

  async #write(isOrdered: boolean): Promise<void> {
    const { flag, flagSetAtMs } = this.#machine;
    try {
      if (isOrdered || flagSetAtMs === undefined) await this.#file.write(flagSetAtMs);
      else await this.#file.renew(flagSetAtMs);
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

function tell(listener: RoleListener, effect: Effect, reason: string): void {
  switch (effect.kind) {
    case 'address-changed':
      return listener.addressChanged?.(effect.isHere);
    case 'changed':
      return listener.roleChanged?.(effect.to, reason);
    case 'both-active':
      return listener.bothActiveChanged?.(effect.isBoth, effect.both, reason);
    case 'announced':
      return listener.announced?.();
    case 'gate-changed':
      return listener.gateChanged?.();
    case 'flag-changed':
    case 'store':
    case 'yielding':
      return;
  }
}

/** A new pair's first active node was given the role by nobody. */
export function takenText({ takenAtMs }: RoleAnnouncement): string {
  return takenAtMs === 0 ? 'never' : timeText(takenAtMs);
}
