import type { AppSettings } from './settings.ts';
import { alone, type TwinSide } from './twin-side.ts';
import type { TwinStatus } from './twin-status.ts';
import type { ForgettingTwin } from './upkeep.ts';
import type { LogRoot } from './log.ts';
import { Cluster } from '../cluster/cluster.ts';
import { ClusterControl, type LinkState } from '../cluster/cluster-control.ts';
import type { ClusterNode } from '../cluster/cluster-node.ts';
import type { Membership } from '../cluster/membership.ts';
import type { NodeTable } from '../cluster/ports.ts';
import type { TwinCredentials } from '../cluster/twin-credentials.ts';
import type { ClusterConfig, Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { ClusterClock } from '../core/cluster-clock.ts';
import { nodeUrlText } from '../core/node-url.ts';
import type { Random } from '../core/random.ts';
import type { HistoryWriter } from '../history/history-writer.ts';
import { LinkHistory } from '../history/link-history.ts';
import type { LocationTable } from '../location/location-table.ts';
import { PositionGate } from '../location/position-gate.ts';
import { Replication, type DialledTwin } from '../replication/replication.ts';
import type { ReplicationStatus, ReplicatorEvent, ReplicatorSettings } from '../replication/replicator-types.ts';
import type { RoleName } from '../role/role-name.ts';
import type { Role } from '../role/role.ts';
import { numericAddress } from '../sip/serving/numeric-address.ts';
import type { Persistence } from '../storage/persistence.ts';

/** Replies that may wait for the twin at once, and changes under way. One more, and nobody waits until it has caught up. */
const GATE_WAITERS_MAX = 100_000;
const GATE_CHANGES_MAX = 1_000_000;

/** Rule 19: so long a node that starts waits for its twin before it serves. */
const MEET_MS = 1000;

/** How often a stop looks whether replies still wait. */
const SETTLE_STEP_MS = 10;

interface ReplicationParts {
  readonly config: Config;
  readonly settings: Pick<AppSettings, 'registrar' | 'location'>;
  readonly incarnation: number;
  readonly credentials: TwinCredentials;
  readonly nodeTable: (nodes: ClusterConfig['nodes']) => NodeTable;
  readonly table: LocationTable;
  readonly clusterClock: ClusterClock;
  readonly store: Persistence;
  /** Whether this node would serve phones if their traffic came to it. */
  readonly isReady: () => boolean;
  /** Addresses that SIP is served at and that are not on this host now. */
  readonly absentAddresses: () => readonly string[];
  readonly history: HistoryWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: LogRoot;
}

/** The twin's side of this node, as the configuration has it. */
export async function openTwinSide(parts: ReplicationParts): Promise<TwinSide> {
  const { cluster: clusterConfig, nodeId } = parts.config;
  if (clusterConfig === undefined) return alone(parts.store);
  const { clusterId, listen, nodes } = clusterConfig;
  const rules = { clusterId, nodeId, listen };
  const cluster = await Cluster.open({ rules, table: parts.nodeTable(nodes), log: parts.log.child('cluster') });
  return new LinkedSide(parts, clusterConfig, cluster);
}

/** A node with a cluster, whether its twin is there or not. */
class LinkedSide implements TwinSide {
  readonly control: ClusterControl;
  readonly #parts: ReplicationParts;
  readonly #config: ClusterConfig;
  readonly #cluster: Cluster;
  readonly #gate: PositionGate;
  readonly #replication: Replication;
  readonly #isSeed: boolean;
  readonly #linkHistory: LinkHistory;
  #role: Role | undefined;
  #met: (() => void) | undefined;

  constructor(parts: ReplicationParts, config: ClusterConfig, cluster: Cluster) {
    const { table, clusterClock, store, clock, random, log } = parts;
    this.#parts = parts;
    this.#isSeed = isSeed(cluster.membership);
    this.#config = config;
    this.#cluster = cluster;
    this.#linkHistory = new LinkHistory(parts.history, () => this.#replication.status().twinId);
    this.#gate = new PositionGate({
      waitersMax: GATE_WAITERS_MAX,
      changesMax: GATE_CHANGES_MAX,
      overflowed: () => this.#replication.machine.gateOverflowed(),
    });
    const { listen } = config;
    this.#replication = new Replication({
      settings: replicatorSettings(parts, config, cluster.membership),
      server: { address: listen.address, port: listen.port, tls: parts.credentials.tls },
      twin: twinOf(cluster.membership),
      ports: {
        table,
        gate: this.#gate,
        clusterClock: { nowMs: () => clusterClock.nowMs(), shift: (byMs) => this.#shiftClock(byMs) },
        random,
        role: this.#ownRole(),
        isReady: parts.isReady,
        absentAddresses: parts.absentAddresses,
        whenDurable: (done) => store.whenFlushedAfterNow(done),
      },
      clock,
      log: log.child('replication'),
      onEvent: (event, isRepeated) => this.#happened(event, isRepeated),
    });
    table.addListener(this.#replication.machine);
    this.control = new ClusterControl(cluster, this.#view());
    cluster.onChange((membership) => this.#changeTwin(membership));
  }

  get gates() {
    return [this.#replication.machine];
  }

  /** A node that has a twin, or cannot tell whether it has one, removes only while both are in sync. */
  get removal() {
    const { machine } = this.#replication;
    const { control } = this;
    return {
      get mayRemove() {
        return machine.isInSync || control.isAlone;
      },
    };
  }

  status(): TwinStatus {
    const { listen, commit } = this.#config;
    const { membership } = this.#cluster;
    const status = this.#replication.status();
    const twin = membership.others.find(({ nodeId }) => nodeId === status.twinId);
    const twinUrl = twin === undefined ? undefined : nodeUrlText(twin.place);
    return { ...status, listen: nodeUrlText({ ...listen, host: listen.address }), twinUrl, commit, membership };
  }

  /** The seed, until somebody says which one has the address. */
  get roleAtFirst(): RoleName {
    return this.#isSeed ? 'active' : 'passive';
  }

  get forgets(): ForgettingTwin['forgets'] {
    return this.#replication.machine.forgets;
  }

  proveForgettable(done: (isProved: boolean) => void): void {
    this.#replication.machine.proveForgettable(done);
  }

  followRole(role: Role): void {
    this.#role = role;
    role.addListener({ announced: () => this.#replication.roleChanged() });
    role.twinAnnounced(this.#replication.machine.twinRole);
  }

  readinessChanged(): void {
    this.#replication.readinessChanged();
  }

  async start(): Promise<void> {
    await this.#replication.start();
    if (this.#replication.machine.hasAgreed || !this.control.hasTwin) return;
    await new Promise<void>((resolve) => {
      const timer = this.#parts.clock.after(MEET_MS, resolve);
      this.#met = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  async settled(): Promise<void> {
    const { clock } = this.#parts;
    const untilMs = clock.monotonicMs() + MEET_MS;
    while (this.#gate.waiting > 0 && clock.monotonicMs() < untilMs) {
      await new Promise<void>((resolve) => clock.after(SETTLE_STEP_MS, resolve));
    }
  }

  stop(): Promise<void> {
    this.#linkHistory.stopping();
    return this.#replication.stop();
  }

  #changeTwin(membership: Membership): void {
    const twin = twinOf(membership);
    // A limit of the one that was the twin.
    if (twin?.nodeId !== this.#replication.status().twinId) this.#parts.table.showAtMost(0);
    this.#replication.changeTwin(twin, isSeed(membership));
    if (this.control.isAlone) this.#parts.table.showHidden();
  }

  #ownRole(): { readonly takenAtMs: number | undefined } {
    const role = (): Role | undefined => this.#role;
    return {
      get takenAtMs() {
        return role()?.takenAtMs;
      },
    };
  }

  #view() {
    const replication = (): Replication => this.#replication;
    return {
      linkState: (nodeId: number): LinkState => linkState(replication().status(), nodeId),
      get isSynced() {
        return replication().machine.isSynced;
      },
      sync: () => replication().sync(),
    };
  }

  #happened(event: ReplicatorEvent, isRepeated: boolean): void {
    this.#linkHistory.happened(event, isRepeated);
    if (event.event === 'max-contacts') this.#parts.table.showAtMost(event.theirs);
    if (event.event === 'twin-role') {
      const { twinRole, isLinked } = this.#replication.machine;
      this.#role?.twinAnnounced(twinRole, isLinked);
    }
    // What was hidden while nobody could tell whose network had failed is judged anew.
    if (event.event === 'state' && event.to === 'in-sync') this.#parts.table.showHidden();
    if (event.event === 'agreed') this.#met?.();
  }

  #shiftClock(byMs: number): void {
    this.#parts.clusterClock.shift(byMs);
    void this.#role?.clockShifted(byMs);
  }
}

function replicatorSettings(
  { config, settings, incarnation, credentials }: ReplicationParts,
  cluster: ClusterConfig,
  membership: Membership,
): ReplicatorSettings {
  const { useDomain, caseSensitive, realmPrefix } = settings.registrar.addressOfRecord;
  const { matchingMode, maxContacts } = settings.location;
  return {
    ...cluster,
    nodeId: config.nodeId,
    incarnation,
    secrets: credentials.secrets,
    keyRules: { matchingMode, useDomain, caseSensitive, realmPrefix, maxContacts },
    listeners: sipListeners(config),
    isSeed: isSeed(membership),
  };
}

function sipListeners({ listen }: Config): ReplicatorSettings['listeners'] {
  return listen.map(({ transport, address, port }) => {
    return { transport, address: numericAddress(address) ?? address, port };
  });
}

function isSeed(membership: Membership): boolean {
  return membership.kind === 'member' && membership.self.isSeed;
}

/** The other node, also while one of the two is switched off: then it is told so. */
function twinOf(membership: Membership): DialledTwin | undefined {
  const { kind, others } = membership;
  if (kind === 'waiting' || kind === 'refused') return undefined;
  const enabled = kind === 'member' ? membership.twin : undefined;
  const twin = enabled ?? (others.length === 1 ? others[0] : undefined);
  return twin === undefined ? undefined : dialled(twin, enabled !== undefined);
}

function dialled({ nodeId, noPingRetries, place }: ClusterNode, isEnabled: boolean): DialledTwin {
  return { nodeId, pingRetries: noPingRetries, isEnabled, address: { host: place.host, port: place.port } };
}

function linkState({ twinId, outgoing, isProbing }: ReplicationStatus, nodeId: number): LinkState {
  if (nodeId !== twinId || outgoing === 'down' || outgoing === 'connecting' || outgoing === 'authenticating')
    return 'Down';
  return isProbing ? 'Probe' : 'Up';
}
