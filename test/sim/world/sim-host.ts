import type { StoredFlag } from '../../../lib/role/stored-flag.ts';
import type { EventQueue } from './event-queue.ts';
import type { HostClock } from './host-clock.ts';
import type { NodeName } from './node-name.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimDisk } from './sim-disk.ts';
import type { SimProcess } from './sim-process.ts';

/** One machine: what is there whether a process runs or not. */
export class SimHost {
  readonly node: NodeName;
  readonly nodeId: number;
  readonly clock: HostClock;
  readonly disk: SimDisk;
  /** Chance of this machine's processes. */
  readonly random: SeededRandom;
  readonly #queue: EventQueue;
  roleFile: StoredFlag;
  /** Simulated time of the last `nh_enable_ping 1`; of the greater use to who asks which node should judge. */
  roleTakenMs = 0;
  /** The virtual IP is here. */
  hasAddress: boolean;
  process: SimProcess | undefined;

  constructor(
    node: NodeName,
    seed: number,
    queue: EventQueue,
    clock: HostClock,
    flushMostMs: number,
    isActive: boolean,
  ) {
    this.node = node;
    this.nodeId = node === 'A' ? 1 : 2;
    this.clock = clock;
    this.disk = new SimDisk(queue, new SeededRandom(seed, `disk ${node}`), flushMostMs);
    this.random = new SeededRandom(seed, `process ${node}`);
    this.roleFile = { role: isActive ? 'active' : 'passive', takenAtMs: isActive ? clock.wallMs() : 0 };
    this.hasAddress = isActive;
    this.#queue = queue;
  }

  /** What keepalived's script does: asks the daemon, or writes the file while there is none. */
  setRole(isOn: boolean): void {
    if (this.process !== undefined) {
      this.process.setRole(isOn);
      return;
    }
    this.roleFile = { role: isOn ? 'active' : 'passive', takenAtMs: this.clock.wallMs() };
    this.roleTaken(isOn);
  }

  /** The order was carried out; a process that stands still does that later, or never. */
  roleTaken(isOn: boolean): void {
    if (isOn) this.roleTakenMs = this.#queue.nowMs;
  }
}
