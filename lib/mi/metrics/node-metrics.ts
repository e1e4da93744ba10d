import { collectDefaultMetrics, Registry } from 'prom-client';
import { DRACHTIO_FAMILIES } from './drachtio-families.ts';
import { registerFamily } from './family.ts';
import { histogramText } from './histogram-text.ts';
import type { MetricsSources } from './metrics-sources.ts';
import { NODE_FAMILIES } from './node-families.ts';
import { PING_FAMILIES } from './ping-families.ts';
import { REGISTRAR_FAMILIES } from './registrar-families.ts';
import { REPLICATION_FAMILIES } from './replication-families.ts';
import { SIP_FAMILIES } from './sip-families.ts';
import { STORAGE_FAMILIES } from './storage-families.ts';

const FAMILIES = [
  ...NODE_FAMILIES,
  ...REPLICATION_FAMILIES,
  ...REGISTRAR_FAMILIES,
  ...SIP_FAMILIES,
  ...DRACHTIO_FAMILIES,
  ...STORAGE_FAMILIES,
  ...PING_FAMILIES,
];

/**
 * Of prom-client's families about the process these are left out: its measure of the event loop starts over at each
 * scrape, so that two who scrape would spoil each other's; the active handles are walked one by one, connections included;
 * heap spaces are for those who work on V8.
 */
const LEFT_OUT = ['nodejs_eventloop_lag', 'nodejs_active_', 'nodejs_heap_space_'];

/** The timer of the measure that is left out runs all the same; so seldom it costs nothing. */
const UNUSED_PRECISION_MS = 10_000;

/** What Prometheus scrapes: this node's families, and those of the process (memory, processor, file descriptors, heap). */
export class NodeMetrics {
  readonly #registry = new Registry();
  readonly #sources: MetricsSources;

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    for (const family of FAMILIES) registerFamily(this.#registry, family, sources);
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: UNUSED_PRECISION_MS });
    for (const { name } of this.#registry.getMetricsAsArray()) {
      if (LEFT_OUT.some((prefix) => name.startsWith(prefix))) this.#registry.removeSingleMetric(name);
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    const families = await this.#registry.metrics();
    return [
      families,
      histogramText(
        'twinreg_register_duration_seconds',
        'How long accepted REGISTER requests took from the parsed request to the reply, the waits for the twin and the disk included.',
        this.#sources.registrar().serviceTimes,
      ),
      histogramText(
        'twinreg_ping_latency_seconds',
        'How long phones took to answer NAT pings.',
        this.#sources.pingLatencies,
      ),
    ].join('\n');
  }
}
