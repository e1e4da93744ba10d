import type { Config } from './config/config.ts';
import { MARK_RESERVE_MS, type ClusterClock } from './core/cluster-clock.ts';
import type { Clock } from './core/clock.ts';
import type { LocationTable } from './location/location-table.ts';
import type { ProcessFacts } from './mi/commands/process-facts.ts';
import type { Degradation, NodeStatus } from './mi/commands/status.ts';
import type { Registrar } from './registrar/registrar.ts';
import type { EmbeddedEngine } from './sip/embedded/embedded-engine.ts';
import { describeSocket } from './sip/embedded/listening-socket.ts';
import type { Persistence } from './storage/persistence.ts';
import type { StoreStatus } from './storage/store-status.ts';

/** What the status and the statistics are read from. */
export interface StatusParts {
  readonly config: Config;
  readonly facts: ProcessFacts;
  readonly clock: Clock;
  readonly startedMonotonicMs: number;
  readonly clusterClock: ClusterClock;
  readonly table: LocationTable;
  readonly registrar: Registrar;
  readonly engine: EmbeddedEngine;
  readonly store: Persistence;
  readonly eventLoopDelay: () => { readonly p99Ms: number; readonly maxMs: number };
}

export function nodeStatusOf(parts: StatusParts): NodeStatus {
  const { config, facts, clock, engine, store } = parts;
  const { users, contacts } = parts.table.statistics();
  const {
    accepted_regs: accepted,
    rejected_regs: rejected,
    contact_collisions: collisions,
  } = parts.registrar.statistics();
  const delay = parts.eventLoopDelay();
  return {
    version: facts.version,
    pid: facts.pid,
    node_id: config.nodeId,
    uptime_s: Math.floor((clock.monotonicMs() - parts.startedMonotonicMs) / 1000),
    listen: engine.sockets.map(describeSocket),
    data_folder: config.dataFolder,
    users,
    contacts,
    registrations: { accepted, rejected, collisions },
    storage: storageStatus(store.status(), clock.wallMs()),
    degraded: degradations(parts),
    resident_mb: Math.round(facts.residentBytes() / (1024 * 1024)),
    event_loop_delay_ms: { p99: oneDecimal(delay.p99Ms), max: oneDecimal(delay.maxMs) },
  };
}

function storageStatus(store: StoreStatus | undefined, nowMs: number): NodeStatus['storage'] {
  if (store === undefined) return { mode: 'none' };
  const { writeMode: mode, path, disk, pending, lastFlushMs } = store;
  return {
    mode,
    path,
    state: disk.state,
    ...(disk.state === 'degraded' ? { reason: disk.reason, since: new Date(disk.sinceMs).toISOString() } : {}),
    pending_changes: pending,
    ...(lastFlushMs === 0 ? {} : { last_flush_ms_ago: Math.max(0, nowMs - lastFlushMs) }),
  };
}

function degradations({ store, table, clusterClock }: StatusParts): Degradation[] {
  const found: Degradation[] = [];
  const disk = store.status();
  if (disk?.disk.state === 'degraded') found.push('disk');
  // A stamp this far above the mark could come again after a crash, if the wall clock is set back meanwhile.
  if (disk !== undefined && table.lastStampMs > disk.durableMarkMs + MARK_RESERVE_MS) found.push('mark');
  if (clusterClock.origin !== 'wall') found.push('clock');
  return found;
}

/** All statistics by `group:name`. Groups and names are those of OpenSIPS; `twinreg:` has what is only ours. */
export function statisticsOf({ table, registrar, engine }: StatusParts): ReadonlyMap<string, number> {
  const location = table.statistics();
  const saved = registrar.statistics();
  const sip = engine.statistics;
  const received = Object.values(sip.requests).reduce((sum, count) => sum + count, 0);
  return new Map([
    ['core:rcv_requests', received],
    ['core:rcv_replies', sip.drops['response'] ?? 0],
    ['usrloc:registered_users', location.users],
    ['usrloc:location-users', location.users],
    ['usrloc:location-contacts', location.contacts],
    ['usrloc:location-expires', location.expires],
    ['registrar:max_expires', saved.max_expires],
    ['registrar:max_contacts', saved.max_contacts],
    ['registrar:default_expire', saved.default_expire],
    ['registrar:accepted_regs', saved.accepted_regs],
    ['registrar:rejected_regs', saved.rejected_regs],
    ['twinreg:contact_collisions', saved.contact_collisions],
    ['twinreg:records', location.records],
    ['twinreg:dead_records', location.deadRecords],
    ['twinreg:floors', location.floors],
    ['twinreg:engine_errors', sip.engineErrors],
    ['twinreg:udp_receive_errors', sip.receiveErrors],
    ['twinreg:tcp_pongs', sip.pongs],
    ...prefixed('twinreg:dropped_', sip.drops),
    ...prefixed('twinreg:replies_', sip.replies),
    ...prefixed('twinreg:tcp_', sip.connections),
  ]);
}

function prefixed(prefix: string, counters: Readonly<Record<string, number>>): (readonly [string, number])[] {
  return Object.entries(counters).map(([name, count]) => [prefix + name, count] as const);
}

function oneDecimal(ms: number): number {
  return Math.round(ms * 10) / 10;
}
