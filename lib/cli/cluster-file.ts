import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeRow } from '../cluster/ports.ts';
import type { Config } from '../config/config.ts';
import { invariant, OperationalError } from '../core/errors.ts';
import type { ClustererOrder, ClustererPlace } from '../storage/clusterer-order.ts';
import { checkedConfig } from './checked-config.ts';
import type { CliEdges } from './cli-command.ts';
import type { RowReader } from './cluster-verdict.ts';
import { daemonNodesIfAny, type DaemonNodes } from './daemon-nodes.ts';
import { configOptions, JSON_HELP, JSON_OPTION } from './options.ts';

/** Which daemon is meant is said by its configuration: that is where its file is named. */
export const CLUSTER_OPTIONS = {
  ...JSON_OPTION,
  config: { type: 'string', short: 'f' },
  data: { type: 'string' },
} as const;

export const CLUSTER_USAGE = '[--json] [-f FILE] [--data DIR]';

export const CLUSTER_HELP: readonly string[] = [
  JSON_HELP,
  '-f FILE, --config FILE  configuration file of the daemon, which says where the table is',
  '--data DIR              data folder of the daemon, if it is started with this option',
];

/** As the daemon makes it. */
const DATA_FOLDER_MODE = 0o750;

/** `load`, or what changes a row, without the place that it is for. */
type Order = ClustererOrder extends infer O ? (O extends unknown ? Omit<O, keyof ClustererPlace> : never) : never;

/** The table `clusterer` of this node, whether its daemon runs or not. */
export class ClusterFile {
  readonly config: Config;
  /** What the daemon says, if there is one, and it is in a cluster. */
  readonly daemon: DaemonNodes | undefined;
  readonly #hasConfigFile: boolean;

  private constructor(config: Config, hasConfigFile: boolean, daemon: DaemonNodes | undefined) {
    this.config = config;
    this.daemon = daemon;
    this.#hasConfigFile = hasConfigFile;
  }

  static async find(
    values: { readonly config?: string | undefined; readonly data?: string | undefined },
    edges: CliEdges,
  ): Promise<ClusterFile> {
    const options = configOptions(values);
    const { config } = checkedConfig(await edges.loadConfig(options), options);
    const daemon = await daemonNodesIfAny(config.miSocketPath, edges);
    return new ClusterFile(config, options.configFile !== undefined, daemon);
  }

  get path(): string {
    return this.config.clustererPath;
  }

  /** The cluster that is meant without `--cluster`. */
  get usualClusterId(): number {
    const { location_cluster: configured } = this.config.usrloc;
    return configured === 0 ? (this.daemon?.rules.clusterId ?? 1) : configured;
  }

  /** Whoever goes by the rows: this configuration, else the daemon. */
  get reader(): RowReader {
    const { cluster, nodeId } = this.config;
    const rules =
      cluster === undefined ? this.daemon?.rules : { clusterId: cluster.clusterId, nodeId, listen: cluster.listen };
    return { rules, place: `the table clusterer of ${this.path}`, hasConfigFile: this.#hasConfigFile };
  }

  /** All rows; none where there is no file yet. */
  async rows(): Promise<readonly NodeRow[]> {
    if (!existsSync(this.path)) return [];
    const answer = await this.#carryOut({ type: 'load' });
    invariant(answer.type === 'rows', 'a load is answered with rows');
    return answer.rows;
  }

  /** Changes rows, of a file that is made where there is none. */
  async write(order: Exclude<Order, { readonly type: 'load' }>): Promise<void> {
    if (dirname(this.path) === this.config.dataFolder) provideFolder(this.config.dataFolder);
    await this.#carryOut(order);
  }

  /** Rejects where the nodes stand in the configuration, this one or the daemon's, which no command changes. */
  refuseConfigured(): void {
    const where = 'change my_node_info and neighbor_node_info there';
    if (this.config.cluster?.nodes.kind === 'configured') {
      throw new OperationalError(`the nodes stand in the configuration (clusterer.db_mode is 0): ${where}`);
    }
    if (this.daemon?.isStored !== false) return;
    const file = 'in the file that it was started with (-f FILE)';
    throw new OperationalError(
      `the nodes of the daemon that runs stand in its configuration (clusterer.db_mode is 0), ${file}: ${where}, and restart it`,
    );
  }

  async #carryOut(order: Order) {
    const { carryOut } = await import('../storage/clusterer-file.ts');
    const migrationsPath = fileURLToPath(new URL('../../sql', import.meta.url));
    const answer = carryOut({ path: this.path, migrationsPath, pid: 0, ...order });
    if (answer.type === 'failed') throw new OperationalError(answer.message);
    return answer;
  }
}

/** Before the first start there is none. Level by level: see lib/app/data-folder.ts, which makes it at a start. */
function provideFolder(path: string): void {
  if (existsSync(path)) return;
  const above = dirname(path);
  if (above !== path) provideFolder(above);
  try {
    mkdirSync(path, { mode: DATA_FOLDER_MODE });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OperationalError(`--data: the data folder ${path} cannot be made: ${reason}`, { cause });
  }
}
