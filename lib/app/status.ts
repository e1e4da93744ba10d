import type { EventLoopDelay } from './event-loop-delay.ts';
import { replicationState } from './replication-state.ts';
import type { SipAddress } from './sip-address.ts';
import { drachtioStatus, type ServingEngine } from './sip-engine.ts';
import type { TwinSide } from './twin-side.ts';
import type { Config } from '../config/config.ts';
import { MARK_RESERVE_MS, type ClusterClock } from '../core/cluster-clock.ts';
import type { Clock } from '../core/clock.ts';
import type { DurationHistogram } from '../core/duration-histogram.ts';
import { mostFrequent } from '../core/reason-counts.ts';
import type { LocationTable } from '../location/location-table.ts';
import type { ProcessFacts } from '../mi/commands/process-facts.ts';
import type { Degradation, NodeStatus, PingStatus, RefusedRequest, RoleStatus } from '../mi/commands/status.ts';
import type { Readiness } from '../mi/metrics/metrics-sources.ts';
import type { PingStatistics } from '../pinger/ping-statistics.ts';
import { displayText } from '../mi/display-text.ts';
import type { LastRefusal } from '../registrar/last-refusals.ts';
import type { Registrar } from '../registrar/registrar.ts';
import type { DownFile } from '../role/down-file.ts';
import type { KeepalivedFile } from '../role/keepalived-file.ts';
import type { Role } from '../role/role.ts';
import type { SplitBrain } from '../role/split-brain.ts';
import type { EngineStatistics } from '../sip/serving/engine-statistics.ts';
import { describeSocket } from '../sip/serving/listening-socket.ts';
import type { Persistence } from '../storage/persistence.ts';
import type { StoreStatus } from '../storage/store-status.ts';
import { redactedText } from '../trace/redacted-text.ts';
import { socketText } from '../trace/socket-text.ts';

/** What the status and the statistics are read from. */
export interface StatusParts {
  readonly config: Config;
  readonly facts: ProcessFacts;
  readonly clock: Clock;
  readonly startedMonotonicMs: number;
  readonly clusterClock: ClusterClock;
  readonly table: LocationTable;
  readonly registrar: Registrar;
  readonly engine: ServingEngine;
  readonly address: Pick<SipAddress, 'isAwaited' | 'rule'>;
  readonly down: Pick<DownFile, 'isSet'>;
  readonly keepalived: Pick<KeepalivedFile, 'trouble'>;
  readonly store: Persistence;
  readonly eventLoopDelay: EventLoopDelay;
  readonly pinging: PingingParts;
  readonly twin: Pick<TwinSide, 'status' | 'control'>;
  /** Where management commands are taken besides the unix socket. */
  readonly management: () => readonly string[];
  /** Why this node could not serve even if the traffic came to it: `stopping`; empty = it can. */
  readonly unready: () => readonly string[];
}

interface PingingParts {
  readonly pinger: { statistics(): PingStatistics };
  readonly latencies: { readonly durations: DurationHistogram };
  readonly role: Pick<
    Role,
    'name' | 'isOpen' | 'isOn' | 'isAddressHere' | 'isYielding' | 'isTwinActive' | 'otherActive'
  >;
  readonly splitBrain: Pick<SplitBrain, 'count' | 'isNow'>;
  /** `natping_interval`, as it is now. */
  readonly intervalS: () => number;
}

/** Reasons for rejections that `status` names; /metrics has them all. */
const REFUSALS_SHOWN = 5;

export function nodeStatusOf(parts: StatusParts): NodeStatus {
  const { config, facts, clock, engine, store } = parts;
  const { users, contacts } = parts.table.statistics();
  const delay = parts.eventLoopDelay.sinceStart();
  const lately = parts.eventLoopDelay.lately();
  return {
    version: facts.version,
    pid: facts.pid,
    node_id: config.nodeId,
    uptime_s: Math.floor((clock.monotonicMs() - parts.startedMonotonicMs) / 1000),
    listen: engine.sockets.map(describeSocket),
    ...waitingPart(engine, clock.monotonicMs()),
    ...drachtioPart(engine),
    management: parts.management(),
    data_folder: config.dataFolder,
    users,
    contacts,
    registrations: registrationStatus(parts),
    invalid_requests: refusalList(engine.statistics.invalid.all()),
    role: roleStatus(parts.pinging.role, parts.address),
    ...keepalivedPart(parts.keepalived),
    pings: pingStatus(parts.pinging),
    storage: storageStatus(store.status(), clock.wallMs()),
    ...replicationPart(parts),
    ...readinessOf(parts),
    stalls: stallStatus(engine.statistics),
    cpu_ms: facts.cpuMs(),
    resident_mb: Math.round(facts.residentBytes() / (1024 * 1024)),
    event_loop_delay_ms: {
      p99: oneDecimal(delay.p99Ms),
      max: oneDecimal(delay.maxMs),
      p99_lately: oneDecimal(lately.p99Ms),
      max_lately: oneDecimal(lately.maxMs),
    },
  };
}

function waitingPart({ waiting }: ServingEngine, nowMs: number): Pick<NodeStatus, 'listen_waiting'> {
  if (waiting.length === 0) return {};
  const sockets = waiting.map(({ socket, sinceMs, reason }) => {
    return { socket: describeSocket(socket), for_ms: Math.round(nowMs - sinceMs), reason };
  });
  return { listen_waiting: sockets };
}

function roleStatus(
  { isOn, name, isAddressHere, isYielding, otherActive }: PingingParts['role'],
  { rule }: StatusParts['address'],
): RoleStatus {
  return {
    flag: isOn,
    active: name === 'active',
    address_here: isAddressHere,
    address_can_leave: rule !== 'always-here',
    yielding: isYielding,
    ...(otherActive === undefined ? {} : { other_active: otherActive.nodeId }),
  };
}

function keepalivedPart({ trouble }: StatusParts['keepalived']): Pick<NodeStatus, 'keepalived'> {
  if (trouble === undefined) return {};
  return { keepalived: { state: trouble.state, since: new Date(trouble.sinceMs).toISOString() } };
}

function drachtioPart(engine: ServingEngine): Pick<NodeStatus, 'drachtio'> {
  const status = drachtioStatus(engine);
  if (status === undefined) return {};
  const { server, state, sinceMs, trouble, version, missing, pingsInFlight, counts } = status;
  const isReady = state === 'ready';
  return {
    drachtio: {
      server,
      connected: isReady,
      since_ms: Math.round(sinceMs),
      ...(isReady ? { version } : { reason: trouble }),
      ...(missing.length > 0 ? { missing } : {}),
      connects: counts.connects,
      losses: Object.values(counts.losses).reduce((sum, count) => sum + count, 0),
      unsent_replies: counts.unsentReplies,
      cut_replies: counts.cutReplies,
      pings_in_flight: pingsInFlight,
    },
  };
}

function registrationStatus({ registrar, clusterClock }: StatusParts): NodeStatus['registrations'] {
  const { accepted_regs, rejected_regs, contact_collisions } = registrar.statistics();
  const { outcomes, refusals, lastRefusals, lastAcceptedMs } = registrar.counts();
  const nowMs = clusterClock.nowMs();
  return {
    accepted: accepted_regs,
    rejected: rejected_regs,
    collisions: contact_collisions,
    retransmissions: outcomes.retransmission,
    ...(lastAcceptedMs === 0 ? {} : { last_accepted_ms_ago: nowMs - lastAcceptedMs }),
    refusals: refusalList(refusals),
    last_refusals: lastRefusals.map((refusal) => refusedRequest(refusal, nowMs)),
  };
}

function refusedRequest({ atMs, to, reason, ...from }: LastRefusal, nowMs: number): RefusedRequest {
  const source = socketText(from.transport, from.sourceAddress, from.sourcePort);
  return { ms_ago: nowMs - atMs, to: displayText(redactedText(to)), source, reason: displayText(reason) };
}

function refusalList(counts: ReadonlyMap<string, number>): NodeStatus['invalid_requests'] {
  return mostFrequent(counts, REFUSALS_SHOWN).map(([reason, count]) => ({ reason, count }));
}

function pingStatus({ pinger, latencies, role, intervalS }: PingingParts): PingStatus {
  const { enrolled, optionsSent, keepAlivesSent, answered, lost, removed, hidden, skipped, guardActive, lagMs } =
    pinger.statistics();
  return {
    enabled: role.isOn,
    active: role.isOpen,
    yielding: role.isYielding,
    ...(role.otherActive === undefined ? {} : { other_active: role.otherActive.nodeId }),
    interval_s: intervalS(),
    contacts: enrolled,
    sent: optionsSent + keepAlivesSent,
    answered,
    lost,
    removed,
    hidden,
    skipped: Object.values(skipped).reduce((sum, count) => sum + count, 0),
    guard: guardActive,
    lag_ms: Math.round(lagMs),
    latency_sum_ms: Math.round(latencies.durations.sumMs),
  };
}

function stallStatus({ stalls: count, lastStall }: EngineStatistics): NodeStatus['stalls'] {
  if (lastStall === undefined) return { count };
  return { count, last_at: new Date(lastStall.endedAtMs).toISOString(), last_ms: lastStall.lengthMs };
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

function replicationPart({ twin, clusterClock, pinging }: StatusParts): Pick<NodeStatus, 'replication'> {
  const status = twin.status();
  if (status === undefined) return {};
  return { replication: replicationState(status, pinging.role.isTwinActive, clusterClock.offsetMs()) };
}

export function readinessOf(parts: StatusParts): Readiness {
  return { unready: parts.unready(), degraded: degradations(parts) };
}

function degradations(parts: StatusParts): Degradation[] {
  const { store, table, clusterClock, twin, address, down, keepalived, engine } = parts;
  const found: Degradation[] = [];
  const disk = store.status();
  if (disk?.disk.state === 'degraded') found.push('disk');
  // A stamp this far above the mark could come again after a crash, if the wall clock is set back meanwhile.
  if (disk !== undefined && table.lastStampMs > disk.durableMarkMs + MARK_RESERVE_MS) found.push('mark');
  const { origin } = clusterClock;
  if (origin === 'mark' || origin === 'build-date') found.push('clock');
  const replication = twin.status();
  if (replication !== undefined && replication.outgoing !== 'in-sync') found.push('twin');
  if (replication?.synced === false) found.push('sync');
  if (address.isAwaited) found.push('address');
  if (down.isSet) found.push('down');
  if (keepalived.trouble !== undefined) found.push('keepalived');
  if (lacksSockets(engine)) found.push('contacts');
  return found;
}

/** Without any the node is not ready at all. */
function lacksSockets(engine: ServingEngine): boolean {
  const server = drachtioStatus(engine);
  return server !== undefined && server.missing.length > 0 && !server.isDeaf;
}

function oneDecimal(ms: number): number {
  return Math.round(ms * 10) / 10;
}
