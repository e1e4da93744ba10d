import { RoleMachine } from '../../../lib/role/role-machine.ts';
import type { RoleAnnouncement } from '../../../lib/role/role-announcement.ts';
import type { SimHost } from './sim-host.ts';

/** The role of one process: the real machine, with the machine's role file. */
export class SimRole {
  readonly #host: SimHost;
  readonly #machine: RoleMachine;
  readonly #clock: { nowMs(): number };
  readonly #announced: () => void;

  /** @param announced the twin has to hear of it. */
  constructor(host: SimHost, clock: { nowMs(): number }, announced: () => void) {
    this.#host = host;
    this.#clock = clock;
    this.#machine = new RoleMachine(host.nodeId, host.roleFile, clock.nowMs());
    this.#announced = announced;
  }

  /** Cluster time; undefined = this node has not got the role. */
  get takenAtMs(): number | undefined {
    return this.#machine.announcement?.takenAtMs;
  }

  /** This node pings and judges. */
  get isOpen(): boolean {
    return this.#machine.isOpen;
  }

  /** `nh_enable_ping`. */
  turn(isOn: boolean): void {
    this.#step({ kind: 'set', role: isOn ? 'active' : 'passive', nowMs: this.#clock.nowMs() });
  }

  shifted(byMs: number): void {
    this.#step({ kind: 'clock-shifted', byMs, nowMs: this.#clock.nowMs() });
  }

  twin(announcement: RoleAnnouncement | undefined): void {
    this.#step({ kind: 'twin', announcement });
  }

  #step(input: Parameters<RoleMachine['step']>[0]): void {
    for (const { kind } of this.#machine.step(input)) {
      if (kind === 'store') {
        this.#host.roleFile = { role: this.#machine.role, takenAtMs: this.takenAtMs ?? 0 };
      } else if (kind === 'announced') this.#announced();
    }
  }
}
