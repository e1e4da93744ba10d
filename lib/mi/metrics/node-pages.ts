import type { HttpPage, HttpPages } from '../http/http-pages.ts';
import type { Readiness } from './metrics-sources.ts';
import type { NodeMetrics } from './node-metrics.ts';

const JSON_TYPE = 'application/json';

/** The pages beside MI: `/metrics` for Prometheus, `/health` and `/ready` for who decides where traffic goes. */
export class NodePages implements HttpPages {
  readonly #metrics: NodeMetrics;
  readonly #readiness: () => Readiness;

  constructor(metrics: NodeMetrics, readiness: () => Readiness) {
    this.#metrics = metrics;
    this.#readiness = readiness;
  }

  /** Undefined: there is no such page. */
  page(path: string): Promise<HttpPage> | undefined {
    switch (path) {
      case '/metrics':
        return this.#metricsPage();
      case '/health':
        return Promise.resolve({ status: 200, contentType: JSON_TYPE, body: '{"alive":true}\n' });
      case '/ready':
        return Promise.resolve(this.#readyPage());
      default:
        return undefined;
    }
  }

  async #metricsPage(): Promise<HttpPage> {
    return { status: 200, contentType: this.#metrics.contentType, body: await this.#metrics.text() };
  }

  /**
   * 503 takes the address away from this node, so only what another node would do better counts: trouble that both may
   * have (a disk, a twin) is said, and leaves it 200.
   */
  #readyPage(): HttpPage {
    const { unready, degraded } = this.#readiness();
    const ready = unready.length === 0;
    const body = ready ? { ready, degraded } : { ready, unready, degraded };
    return { status: ready ? 200 : 503, contentType: JSON_TYPE, body: `${JSON.stringify(body)}\n` };
  }
}
