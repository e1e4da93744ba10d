import type { Clock } from '../core/clock.ts';
import { timeText } from '../core/time-text.ts';
import type { AddressListener } from '../role/address-watch.ts';
import type { BothActive } from '../role/role-machine.ts';
import type { RoleAnnouncement } from '../role/role-announcement.ts';
import type { Role, RoleListener } from '../role/role.ts';
import type { RoleName } from '../role/role-name.ts';
import type { SplitBrainListener } from '../role/split-brain.ts';
import { yields } from '../role/yielding.ts';
import type { HistoryWriter } from './history-writer.ts';

/** Of an address that moved longer ago nobody wonders whether it belongs to what happens now. */
const RELATED_MS = 60_000;

interface Move {
  readonly what: 'arrived' | 'left';
  readonly address: string;
  readonly atMs: number;
}

/** Who is active and why, with what the address did just before: keepalived moves it first, and calls the notify script then. */
export class RoleHistory implements RoleListener, AddressListener, SplitBrainListener {
  readonly #history: HistoryWriter;
  readonly #clock: Clock;
  #lastMove: Move | undefined;
  #isRoleTold = false;

  constructor(history: HistoryWriter, clock: Clock) {
    this.#history = history;
    this.#clock = clock;
  }

  arrived(address: string): void {
    this.#moved('arrived', address);
    this.#history.record('address-here', address);
  }

  left(address: string): void {
    this.#moved('left', address);
    this.#history.record('address-left', address);
  }

  /** The node serves from now on; it has the role that it had at the start, unless it was told before that this has changed. */
  serving({ name, isOn, isAddressHere }: Pick<Role, 'name' | 'isOn' | 'isAddressHere'>, canLeave: boolean): void {
    if (this.#isRoleTold) return;
    const flag = `nh_enable_ping is ${isOn ? '1' : '0'}`;
    const where = isAddressHere ? 'the address is here' : 'the address is not here';
    this.#history.record(name, canLeave ? `${where}, ${flag}` : flag);
  }

  roleChanged(role: RoleName, reason: string): void {
    this.#isRoleTold = true;
    // The line before says where an address went that is the reason itself.
    const isOrdered = reason === 'nh_enable_ping';
    const order = `${reason} ${role === 'active' ? '1' : '0'}${this.#moveText()}`;
    this.#history.record(role, isOrdered ? order : reason);
  }

  began({ own, twin }: BothActive): void {
    const [ownId, twinId] = [`node ${String(own.nodeId)}`, `node ${String(twin.nodeId)}`];
    const [later, yielding] = yields(own, twin) ? [twinId, `this node, ${ownId},`] : [`this node, ${ownId},`, twinId];
    const since = `${ownId} since ${sinceText(own)}, ${twinId} since ${sinceText(twin)}`;
    this.#history.record('both-active', `${later} became so later and pings, ${yielding} yields (${since})`);
  }

  ended(_both: BothActive, reason: string): void {
    this.#history.record('one-active', `not both any more: ${reason}`);
  }

  lost(): void {
    this.#history.record('both-unknown', 'the link ended: nobody knows whether both are still active');
  }

  #moved(what: Move['what'], address: string): void {
    this.#lastMove = { what, address, atMs: this.#clock.monotonicMs() };
  }

  #moveText(): string {
    const move = this.#lastMove;
    const agoMs = move === undefined ? Infinity : this.#clock.monotonicMs() - move.atMs;
    if (move === undefined || agoMs > RELATED_MS) return '';
    return `; ${move.address} ${move.what} ${agoText(agoMs)}`;
  }
}

function agoText(agoMs: number): string {
  if (agoMs < 1) return 'just now';
  return agoMs < 10_000 ? `${String(Math.round(agoMs))} ms before` : `${String(Math.round(agoMs / 1000))} s before`;
}

/** A new pair's first active node was given the role by nobody. */
function sinceText({ takenAtMs }: RoleAnnouncement): string {
  return takenAtMs === 0 ? 'its start' : timeText(takenAtMs);
}
