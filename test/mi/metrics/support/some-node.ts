import type { Degradation } from '../../../../lib/mi/commands/status.ts';
import type { MetricsSources } from '../../../../lib/mi/metrics/metrics-sources.ts';
import { NodeMetrics } from '../../../../lib/mi/metrics/node-metrics.ts';
import { PingLatencies } from '../../../../lib/mi/metrics/ping-latencies.ts';
import { PingCounters } from '../../../../lib/pinger/ping-statistics.ts';
import { EngineStatistics } from '../../../../lib/sip/embedded/engine-statistics.ts';
import { RegistrarWorld } from '../../../registrar/support/registrar-world.ts';

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
      readiness: () => this.readiness(),
      ...changes,
    });
  }

  readonly readiness = () => ({ unready: this.unready, degraded: this.degraded });
}
