import { replicationStatistics } from './replication-statistics.ts';
import { drachtioStatus, type ServingEngine } from './sip-engine.ts';
import type { StatusParts } from './status.ts';
import type { PingStatistics } from '../pinger/ping-statistics.ts';

/** All statistics by `group:name`. Groups and names are those of OpenSIPS; `twinreg:` has what is only ours. */
export function statisticsOf(parts: StatusParts): ReadonlyMap<string, number> {
  const { table, registrar, engine, pinging } = parts;
  const location = table.statistics();
  const saved = registrar.statistics();
  const { outcomes } = registrar.counts();
  const sip = engine.statistics;
  return new Map([
    ['core:rcv_requests', sum(sip.requests)],
    ['core:rcv_replies', sum(sip.repliesReceived)],
    ['usrloc:registered_users', location.users],
    ['usrloc:location-users', location.users],
    ['usrloc:location-contacts', location.contacts],
    ['usrloc:location-expires', location.expires],
    ['registrar:max_expires', saved.max_expires],
    ['registrar:max_contacts', saved.max_contacts],
    ['registrar:default_expire', saved.default_expire],
    ['registrar:accepted_regs', saved.accepted_regs],
    ['registrar:rejected_regs', saved.rejected_regs],
    ['twinreg:queries', outcomes.query],
    ['twinreg:retransmissions', outcomes.retransmission],
    ['twinreg:contact_collisions', saved.contact_collisions],
    ['twinreg:records', location.records],
    ['twinreg:dead_records', location.deadRecords],
    ['twinreg:floors', location.floors],
    ['twinreg:engine_errors', sip.engineErrors],
    ['twinreg:stalls', sip.stalls],
    ['twinreg:udp_receive_errors', sip.receiveErrors],
    ['twinreg:ping_send_errors', sip.unsent['send_error'] ?? 0],
    ['twinreg:tcp_open', engine.connectionCount],
    ['twinreg:tcp_pongs', sip.pongs],
    ...prefixed('twinreg:dropped_', sip.drops),
    ...prefixed('twinreg:replies_', sip.replies),
    ...prefixed('twinreg:replies_received_', sip.repliesReceived),
    ...prefixed('twinreg:tcp_', sip.connections),
    ...drachtioStatistics(engine),
    ...pingStatistics(pinging.pinger.statistics()),
    ...replicationStatistics(parts),
  ]);
}

/** None with the engine in this process. */
function drachtioStatistics(engine: ServingEngine): readonly (readonly [string, number])[] {
  const status = drachtioStatus(engine);
  if (status === undefined) return [];
  const { state, pingsInFlight, counts } = status;
  return [
    ['twinreg:drachtio_connected', Number(state === 'ready')],
    ['twinreg:drachtio_connects', counts.connects],
    ['twinreg:drachtio_losses', sum({ ...counts.losses })],
    ['twinreg:drachtio_unsent_replies', counts.unsentReplies],
    ['twinreg:drachtio_cut_replies', counts.cutReplies],
    ['twinreg:drachtio_stale_requests', counts.staleRequests],
    ['twinreg:drachtio_pings_in_flight', pingsInFlight],
  ];
}

/** nathelper has no statistics, so these have no names that anybody expects. */
function pingStatistics(pings: PingStatistics): readonly (readonly [string, number])[] {
  return [
    ['twinreg:ping_contacts', pings.enrolled],
    ['twinreg:pings_outstanding', pings.unanswered],
    ['twinreg:pings_sent', pings.optionsSent + pings.keepAlivesSent],
    ['twinreg:pings_answered', pings.answered],
    ['twinreg:pings_lost', pings.lost],
    ['twinreg:ping_removals', pings.removed],
    ['twinreg:ping_hidings', pings.hidden],
    ...prefixed('twinreg:pings_skipped_', pings.skipped),
  ];
}

/** What is, and does not add up: everything else counts since the start. */
const GAUGES: ReadonlySet<string> = new Set([
  'usrloc:registered_users',
  'usrloc:location-users',
  'usrloc:location-contacts',
  'registrar:max_expires',
  'registrar:max_contacts',
  'registrar:default_expire',
  'twinreg:records',
  'twinreg:dead_records',
  'twinreg:floors',
  'twinreg:tcp_open',
  'twinreg:drachtio_connected',
  'twinreg:drachtio_pings_in_flight',
  'twinreg:ping_contacts',
  'twinreg:pings_outstanding',
  'clusterer:clusterer_nodes',
  'clusterer:clusterer_nodes_up',
  'clusterer:clusterer_nodes_down',
  'twinreg:replication_lag_changes',
  'twinreg:replication_lag_ms',
]);

export function statisticKind(name: string): 'counter' | 'gauge' {
  return GAUGES.has(name) ? 'gauge' : 'counter';
}

function sum(counters: Readonly<Record<string, number>>): number {
  return Object.values(counters).reduce((total, count) => total + count, 0);
}

/** Names of statistics have no hyphen but where OpenSIPS's have. */
function prefixed(prefix: string, counters: Readonly<Record<string, number>>): (readonly [string, number])[] {
  return Object.entries(counters).map(([name, count]) => [prefix + name.replaceAll('-', '_'), count] as const);
}
