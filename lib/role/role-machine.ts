import type { AddressRule } from './address-rule.ts';
import type { RoleAnnouncement } from './role-announcement.ts';
import type { RoleName } from './role-name.ts';
import type { StoredFlag } from './stored-flag.ts';
import { takenAtMs } from './taken-at.ts';
import { yields } from './yielding.ts';

type RoleInput =
  /** `nh_enable_ping`, or whoever else sets the flag. */
  | { readonly kind: 'set'; readonly role: RoleName; readonly nowMs: number }
  /** Whether the SIP address is here; the first of these says how it was at the start. */
  | { readonly kind: 'address'; readonly isHere: boolean; readonly nowMs: number }
  /** Cluster time was moved by so much, to this. */
  | { readonly kind: 'clock-shifted'; readonly byMs: number; readonly nowMs: number }
  /** What the twin announces, heard just now, whether it is what it said before or not; undefined: nothing, or there is no link. */
  | { readonly kind: 'twin'; readonly announcement: RoleAnnouncement | undefined };

type RoleEffect =
  /** Somebody set the flag to another value. */
  | { readonly kind: 'flag-changed'; readonly flag: RoleName }
  /** It is known now whether the address is here, or that is otherwise than before. */
  | { readonly kind: 'address-changed'; readonly isHere: boolean }
  /** The role is another one now. */
  | { readonly kind: 'changed'; readonly from: RoleName; readonly to: RoleName }
  /** The role file has to hold the flag before anybody is told that it is set. `isOrdered`: somebody set it; else only its time is another one. */
  | { readonly kind: 'store'; readonly isOrdered: boolean }
  /** Both nodes are known to be active from now on, or were until now. */
  | { readonly kind: 'both-active'; readonly isBoth: boolean; readonly both: BothActive }
  /** Both nodes are active, and this one leaves the pinging to the twin from now on; or it did. */
  | { readonly kind: 'yielding'; readonly isYielding: boolean; readonly both: BothActive }
  /** The twin has to hear of the role. */
  | { readonly kind: 'announced' }
  /** Whether this node pings and judges has changed. */
  | { readonly kind: 'gate-changed' };

/** What two nodes that are active announced last. */
export interface BothActive {
  readonly own: RoleAnnouncement;
  readonly twin: RoleAnnouncement;
}

/**
 * Who is active, as a pure machine: the node whose flag is set and that has the address; and of two such nodes the one pings and
 * judges that became so later. An order to set the flag is
 * stored also when it changes nothing, since the file may be missing, or somebody else may have written it; and one that sets it
 * renews the time, since it says anew who is to be active. So does the arrival of the address.
 */
export class RoleMachine {
  readonly #nodeId: number;
  #flag: RoleName;
  #takenAtMs: number;
  /** What the role file said at the start, while it is that role. */
  #storedAtMs: number | undefined;
  /** Undefined until it was said for the first time. */
  #isHere: boolean | undefined;
  /** Nobody ordered the role yet, so that the flag goes with the address. */
  #isFollowing: boolean;
  #twin: RoleAnnouncement | undefined;
  /** The twin has said so since this node is active. Before that it may be dead: whoever takes over from it hears no more of it. */
  #isTwinConfirmed = false;

  /** @param nowMs cluster time */
  constructor(nodeId: number, stored: StoredFlag, nowMs: number, address: AddressRule = 'always-here') {
    this.#nodeId = nodeId;
    this.#isFollowing = address === 'followed';
    this.#flag = this.#isFollowing ? 'passive' : stored.role;
    this.#storedAtMs = stored.takenAtMs;
    this.#takenAtMs = takenAtMs(stored.takenAtMs, nowMs);
    this.#isHere = address === 'always-here' ? true : undefined;
  }

  /** What `nh_enable_ping` set, or what follows the address while nobody has. */
  get flag(): RoleName {
    return this.#flag;
  }

  /** When the flag was set, or the address arrived if that was later, in cluster time; undefined while it is not set. */
  get flagSetAtMs(): number | undefined {
    return this.#flag === 'active' ? this.#takenAtMs : undefined;
  }

  get isAddressHere(): boolean {
    return this.#isHere ?? false;
  }

  /** The flag goes with the address, since nobody has ordered anything yet. */
  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  get role(): RoleName {
    return this.#flag === 'active' && this.isAddressHere ? 'active' : 'passive';
  }

  /** Undefined while this node is passive. */
  get announcement(): RoleAnnouncement | undefined {
    return this.role === 'active' ? { takenAtMs: this.#takenAtMs, nodeId: this.#nodeId } : undefined;
  }

  /** While both nodes are active: the twin has said so since this one is. */
  get bothActive(): BothActive | undefined {
    return this.#isTwinConfirmed ? this.#announced : undefined;
  }

  /** Whether the twin is active, as far as can be known: it announced so, and this node has not taken over from it since. */
  get isTwinActive(): boolean {
    return this.#twin !== undefined && (this.role === 'passive' || this.#isTwinConfirmed);
  }

  get isYielding(): boolean {
    return yields(this.announcement, this.#twin);
  }

  /** Whether this node pings and judges. */
  get isOpen(): boolean {
    return this.role === 'active' && !this.isYielding;
  }

  step(input: RoleInput): readonly RoleEffect[] {
    const before = this.#facts();
    this.#take(input);
    if (input.kind === 'twin') this.#isTwinConfirmed = this.#announced !== undefined;
    else if (this.role !== before.role) this.#isTwinConfirmed = false;
    const after = this.#facts();
    const isMoved = after.announcement?.takenAtMs !== before.announcement?.takenAtMs;
    const isOrder = input.kind === 'set' && input.role === 'active' && after.announcement !== undefined;
    return [
      ...(input.kind === 'set' && after.flag !== before.flag
        ? [{ kind: 'flag-changed', flag: after.flag } as const]
        : []),
      ...changes(before, after),
      ...this.#toStore(input, before.flagSetAtMs),
      ...bothActiveChanges(before, after),
      ...(isMoved || isOrder ? [{ kind: 'announced' } as const] : []),
      ...(after.isOpen === before.isOpen ? [] : [{ kind: 'gate-changed' } as const]),
    ];
  }

  #take(input: RoleInput): void {
    switch (input.kind) {
      case 'set':
        this.#flag = input.role;
        this.#isFollowing = false;
        this.#takeAt(input.nowMs);
        break;
      case 'address':
        this.#takeAddress(input.isHere, input.nowMs);
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

  #takeAddress(isHere: boolean, nowMs: number): void {
    const wasHere = this.#isHere;
    this.#isHere = isHere;
    if (this.#isFollowing) this.#flag = isHere ? 'active' : 'passive';
    // That it is here at the start says nothing about when it came: a restart makes nobody the later one.
    if (wasHere === false && isHere && this.#flag === 'active') this.#takeAt(nowMs);
  }

  /** Whoever orders it now means it now, also when the twin took it by a clock that was ahead. */
  #takeAt(nowMs: number): void {
    const twinsMs = this.#twin?.takenAtMs ?? 0;
    this.#takenAtMs = twinsMs > nowMs ? twinsMs + 1 : nowMs;
    this.#storedAtMs = undefined;
  }

  /** What only follows the address is found anew at each start. */
  #toStore(input: RoleInput, setAtMs: number | undefined): readonly RoleEffect[] {
    if (input.kind === 'set') return [{ kind: 'store', isOrdered: true }];
    const isMoved = this.flagSetAtMs !== setAtMs;
    const isOfThisLife = this.#storedAtMs === undefined;
    return isMoved && isOfThisLife && !this.#isFollowing ? [{ kind: 'store', isOrdered: false }] : [];
  }

  /** The last announcements, while both nodes have one: who yields goes by them, whatever is known of the twin. */
  get #announced(): BothActive | undefined {
    const [own, twin] = [this.announcement, this.#twin];
    return own === undefined || twin === undefined ? undefined : { own, twin };
  }

  #facts(): Facts {
    const { flag, flagSetAtMs, role, announcement, bothActive, isYielding, isOpen } = this;
    const heard = { announced: this.#announced, bothActive };
    return { flag, flagSetAtMs, isHere: this.#isHere, role, announcement, ...heard, isYielding, isOpen };
  }
}

/** What others hear of when it changes. */
interface Facts {
  readonly flag: RoleName;
  readonly flagSetAtMs: number | undefined;
  readonly isHere: boolean | undefined;
  readonly role: RoleName;
  readonly announcement: RoleAnnouncement | undefined;
  readonly announced: BothActive | undefined;
  readonly bothActive: BothActive | undefined;
  readonly isYielding: boolean;
  readonly isOpen: boolean;
}

function* changes(before: Facts, after: Facts): Iterable<RoleEffect> {
  const { isHere, role } = after;
  if (isHere !== undefined && isHere !== before.isHere) yield { kind: 'address-changed', isHere };
  if (role !== before.role) yield { kind: 'changed', from: before.role, to: role };
}

function* bothActiveChanges(before: Facts, after: Facts): Iterable<RoleEffect> {
  const { isYielding } = after;
  const both = after.announced ?? before.announced;
  if (both === undefined) return;
  const isBoth = after.bothActive !== undefined;
  if (isBoth !== (before.bothActive !== undefined)) yield { kind: 'both-active', isBoth, both };
  if (isYielding !== before.isYielding) yield { kind: 'yielding', isYielding, both };
}
