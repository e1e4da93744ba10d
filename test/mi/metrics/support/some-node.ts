import type { Degradation } from '../../../../lib/mi/commands/status.ts';
import type { MetricsSources } from '../../../../lib/mi/metrics/metrics-sources.ts';
import { NodeMetrics } from '../../../../lib/mi/metrics/node-metrics.ts';
import { PingLatencies } from '../../../../lib/mi/metrics/ping-latencies.ts';
import type { ReplicationStatus } from '../../../../lib/replication/replicator-types.ts';
import { GOODBYE_REASONS } from '../../../../lib/replication/goodbye.ts';
import { NOT_COMPARED } from '../../../../lib/replication/sip-listeners.ts';
import { PingCounters } from '../../../../lib/pinger/ping-statistics.ts';
import { LinkStatistics } from '../../../../lib/sip/drachtio/link-statistics.ts';
import { EngineStatistics } from '../../../../lib/sip/serving/engine-statistics.ts';
import { RegistrarWorld } from '../../../registrar/support/registrar-world.ts';

/** A node whose twin is there and slow. */
export const LAGGING: ReplicationStatus = {
  twinId: 2,
  isEnabled: true,
  outgoing: 'lagging',
  incoming: 'in-sync',
  sinceMs: 3000,
  syncSinceMs: 3000,
  synced: true,
  waitsFor: 'node 2 is slow',
  lagChanges: 40,
  lagMs: 1250,
  logBytes: 8192,
  head: 140,
  applied: 70,
  silentMs: 500,
  isProbing: false,
  isTwinReady: true,
  isTwinActive: false,
  listeners: NOT_COMPARED,
  clockOffsetMs: -1500,
  lastReconcile: { agoMs: 60_000, tookMs: 750, received: 9, changed: 4 },
  progress: undefined,
  lastGoodbye: undefined,
  lastStranger: undefined,
  counters: { links: 3, refusals: 5, protocolErrors: 1, demotions: 6, resumes: 1, reconciles: 2, logOverruns: 7 },
  refusals: new Map(GOODBYE_REASONS.map((reason) => [reason, reason === 'wrong-secret' ? 5 : 0])),
};

/** Metrics of a real registrar, table and counters, of which a test says what they have seen. */
export class SomeNode {
  readonly world = new RegistrarWorld();
  readonly engine = new EngineStatistics();
  readonly pings = new PingCounters();
  readonly latencies = new PingLatencies();
  degraded: readonly Degradation[] = [];
  unready: readonly string[] = [];
  readonly metrics: NodeMetrics;

  constructor(changes: Partial<MetricsSources> = {}) {
    const { world, engine, pings } = this;
    this.metrics = new NodeMetrics({
      version: '1.2.3',
      location: () => world.table.statistics(),
      tableBytes: () => world.table.memory().slabBytes,
      registrar: () => ({ ...world.registrar.statistics(), ...world.registrar.counts() }),
      engine: () => engine,
      openConnections: () => 3,
      drachtio: () => ({ ...new LinkStatistics(), isConnected: true, missing: 0, pingsInFlight: 17 }),
      storage: () => ({
        disk: { state: 'degraded', reason: 'full', sinceMs: 0 },
        path: '/x',
        writeMode: 'write-back',
        pending: 12,
        lagMs: 1500,
        lastFlushMs: 1_800_000_000_500,
        seq: 9,
        durableSeq: 8,
        durableMarkMs: 0,
        journalBytes: 4096,
        recordsBehind: 5,
      }),
      pings: () => ({ ...pings, enrolled: 100, unanswered: 4, lagMs: 250, guardActive: true }),
      pingLatencies: this.latencies.durations,
      eventLoopDelay: () => ({ p50Ms: 0.1, p90Ms: 0.5, p99Ms: 2, maxMs: 15 }),
      isActive: () => true,
      isYielding: () => false,
      isAddressHere: () => true,
      isSplitBrain: () => true,
      splitBrains: () => 3,
      replication: () => LAGGING,
      wallOffsetMs: () => 250,
      readiness: () => this.readiness(),
      ...changes,
    });
  }

  readonly readiness = () => ({ unready: this.unready, degraded: this.degraded });
}
