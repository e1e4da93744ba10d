import type { RoleAnnouncement } from './role-announcement.ts';
import type { RoleName } from './role-name.ts';
import type { StoredFlag } from './stored-flag.ts';
import { takenAtMs } from './taken-at.ts';
import { yields } from './yielding.ts';

type RoleInput =
  /** `nh_enable_ping`, or whoever else sets the flag. */
  | { readonly kind: 'set'; readonly role: RoleName; readonly nowMs: number }
  /** Cluster time was moved by so much, to this. */
  | { readonly kind: 'clock-shifted'; readonly byMs: number; readonly nowMs: number }
  /** What the twin announces now; undefined: nothing, or there is no link. */
  | { readonly kind: 'twin'; readonly announcement: RoleAnnouncement | undefined };

type RoleEffect =
  /** The role is another one now. */
  | { readonly kind: 'changed'; readonly from: RoleName; readonly to: RoleName }
  /** The role file has to hold the role before anybody is told that it is set. */
  | { readonly kind: 'store' }
  /** Both nodes have the role, and this one leaves it to the twin from now on; or they had. */
  | { readonly kind: 'yielding'; readonly isYielding: boolean; readonly both: BothActive }
  /** The twin has to hear of the role. */
  | { readonly kind: 'announced' }
  /** Whether this node pings and judges has changed. */
  | { readonly kind: 'gate-changed' };

/** What two nodes that have the role announced last. */
interface BothActive {
  readonly own: RoleAnnouncement;
  readonly twin: RoleAnnouncement;
}

/**
 * Who is active, as a pure machine: the node whose flag is set, unless the twin's was set later. An order to set the flag is
 * stored also when it changes nothing, since the file may be missing, or somebody else may have written it; and one that sets it
 * renews the time, since it says anew who is to be active.
 */
export class RoleMachine {
  readonly #nodeId: number;
  #role: RoleName;
  #takenAtMs: number;
  /** What the role file said at the start, while it is that role. */
  #storedAtMs: number | undefined;
  #twin: RoleAnnouncement | undefined;

  /** @param nowMs cluster time */
  constructor(nodeId: number, stored: StoredFlag, nowMs: number) {
    this.#nodeId = nodeId;
    this.#role = stored.role;
    this.#storedAtMs = stored.takenAtMs;
    this.#takenAtMs = takenAtMs(stored.takenAtMs, nowMs);
  }

  get role(): RoleName {
    return this.#role;
  }

  /** Undefined while this node has not got the role. */
  get announcement(): RoleAnnouncement | undefined {
    return this.#role === 'active' ? { takenAtMs: this.#takenAtMs, nodeId: this.#nodeId } : undefined;
  }

  /** While both nodes have the role, as far as is known here. */
  get bothActive(): BothActive | undefined {
    const [own, twin] = [this.announcement, this.#twin];
    return own === undefined || twin === undefined ? undefined : { own, twin };
  }

  get isYielding(): boolean {
    return yields(this.announcement, this.#twin);
  }

  /** Whether this node pings and judges. */
  get isOpen(): boolean {
    return this.#role === 'active' && !this.isYielding;
  }

  step(input: RoleInput): readonly RoleEffect[] {
    const before = this.#facts();
    this.#take(input);
    const after = this.#facts();
    const effects: RoleEffect[] = [];
    if (after.role !== before.role) effects.push({ kind: 'changed', from: before.role, to: after.role });
    const isMoved = after.announcement?.takenAtMs !== before.announcement?.takenAtMs;
    if (input.kind === 'set' || (isMoved && this.#storedAtMs === undefined)) effects.push({ kind: 'store' });
    const both = after.bothActive ?? before.bothActive;
    if (both !== undefined && after.isYielding !== before.isYielding) {
      effects.push({ kind: 'yielding', isYielding: after.isYielding, both });
    }
    if (isMoved || (input.kind === 'set' && input.role === 'active')) effects.push({ kind: 'announced' });
    if (after.isOpen !== before.isOpen) effects.push({ kind: 'gate-changed' });
    return effects;
  }

  #take(input: RoleInput): void {
    switch (input.kind) {
      case 'set':
        this.#role = input.role;
        this.#takenAtMs = this.#takenNow(input.nowMs);
        this.#storedAtMs = undefined;
        break;
      case 'clock-shifted':
        // A time of this life was read from the clock that was wrong; one of an earlier life was not.
        if (this.#storedAtMs === undefined) this.#takenAtMs += input.byMs;
        else this.#takenAtMs = takenAtMs(this.#storedAtMs, input.nowMs);
        break;
      case 'twin':
        this.#twin = input.announcement;
        break;
    }
  }

  /** Whoever orders it now means it now, also when the twin took it by a clock that was ahead. */
  #takenNow(nowMs: number): number {
    const twinsMs = this.#twin?.takenAtMs ?? 0;
    return twinsMs > nowMs ? twinsMs + 1 : nowMs;
  }

  #facts() {
    const { role, announcement, bothActive, isYielding, isOpen } = this;
    return { role, announcement, bothActive, isYielding, isOpen };
  }
}
