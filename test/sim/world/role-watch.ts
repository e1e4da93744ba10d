import type { ClockBounds } from '../oracle/order.ts';
import { Violation } from '../oracle/violation.ts';
import type { EventQueue } from './event-queue.ts';
import { NODES, otherNode, type NodeName } from './node-name.ts';
import type { SimHost } from './sim-host.ts';

/** A node has heard of its twin's role after so long a time in sync. */
const HEARD_AFTER_MS = 3000;

/** P8: roles taken so close to each other may change places, if the clocks had not met. */
const UNMET_MS = 12_000;

/**
 * Who should ping and judge, as an onlooker sees it who knows when which node was told so: the one that was told last, if
 * both were.
 */
export class RoleWatch {
  readonly #queue: EventQueue;
  readonly #hosts: Readonly<Record<NodeName, SimHost>>;
  readonly #bounds: ClockBounds;
  #inSyncSinceMs: number | undefined;

  constructor(queue: EventQueue, hosts: Readonly<Record<NodeName, SimHost>>, bounds: ClockBounds) {
    this.#queue = queue;
    this.#hosts = hosts;
    this.#bounds = bounds;
  }

  /** To be called whenever a node comes in sync or leaves it, starts or ends. */
  look(): void {
    const areInSync = NODES.every((node) => this.#hosts[node].process?.isInSync === true);
    if (!areInSync) this.#inSyncSinceMs = undefined;
    else this.#inSyncSinceMs ??= this.#queue.nowMs;
  }

  /** Whether the node may judge a contact gone now: the twin was not, for sure and known to it, told later to do so. */
  mayJudge(node: NodeName): boolean {
    const own = this.#hosts[node];
    const twin = this.#hosts[otherNode(node)];
    const sinceMs = this.#inSyncSinceMs;
    if (twin.process?.role.takenAtMs === undefined || sinceMs === undefined) return true;
    const hasHeard =
      this.#queue.nowMs - Math.max(sinceMs, twin.roleTakenMs) > HEARD_AFTER_MS + this.#bounds.latencyMostMs;
    return !(hasHeard && twin.roleTakenMs - own.roleTakenMs > this.#boundMs());
  }

  /** In sync, exactly one of those that were told to judges. */
  atRest(): void {
    const told = NODES.filter((node) => this.#hosts[node].process?.role.takenAtMs !== undefined);
    const judging = NODES.filter((node) => this.#hosts[node].process?.role.isOpen === true);
    if (judging.length !== Math.min(told.length, 1))
      throw new Violation(
        `${judging.join(' and ') || 'nobody'} judges lost pings, of ${told.join(' and ') || 'nobody'} told to`,
      );
    const [judge] = judging;
    if (judge !== undefined && !this.mayJudge(judge))
      throw new Violation(`${judge} judges lost pings, although ${otherNode(judge)} was told later`);
  }

  #boundMs(): number {
    return UNMET_MS + this.#bounds.wallSpreadMs;
  }
}
