import type { ClusterControl } from '../cluster/cluster-control.ts';
import type { CommitGate } from '../location/ports.ts';
import type { RemovalPermit } from '../pinger/ports.ts';
import type { RoleName } from '../role/role-name.ts';
import type { Role } from '../role/role.ts';
import type { TwinStatus } from './twin-status.ts';
import type { ForgettingTwin } from './upkeep.ts';

/** What the rest of a node has to do with the twin, whether there can be one or not. */
export interface TwinSide extends ForgettingTwin {
  /** What replies wait for on behalf of the twin. */
  readonly gates: readonly CommitGate[];
  /** Whether contacts may be removed for good when their pings are lost. */
  readonly removal: RemovalPermit;
  /** The cluster as management commands see it; undefined for a node of its own. */
  readonly control: ClusterControl | undefined;
  /** Undefined for a node of its own. */
  status(): TwinStatus | undefined;
  /** What `nh_enable_ping` is before anybody said so: of a pair one node pings. */
  readonly roleAtFirst: RoleName;
  /** From now on the twin hears of the role, and the role of the twin's. */
  followRole(role: Role): void;
  /** Whether this node would serve phones may be otherwise than before: the twin is told. */
  readinessChanged(): void;
  /**
   * Listens and dials. Resolves when SIP may be served: when the twin was met, or soon without it. Rejects with
   * an OperationalError that names the listener.
   */
  start(): Promise<void>;
  /** Resolves when no reply waits for the twin any more, or would for too long. */
  settled(): Promise<void>;
  /** Says goodbye to the twin. */
  stop(): Promise<void>;
}

/** A node of its own: nobody to wait for, and only the disk has to agree that something is forgotten. */
export function alone(store: { whenFlushedAfterNow(done: () => void): void }): TwinSide {
  return {
    gates: [],
    removal: { mayRemove: true },
    roleAtFirst: 'active',
    forgets: { byAge: true, early: true },
    control: undefined,
    status: () => undefined,
    proveForgettable: (done) => store.whenFlushedAfterNow(() => done(true)),
    followRole: () => undefined,
    readinessChanged: () => undefined,
    start: () => Promise.resolve(),
    settled: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}
