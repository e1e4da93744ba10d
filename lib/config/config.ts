import type { ConfigKeys } from './config-schema.ts';
import type { ListenAddress, ReplicationListener } from './listen-address.ts';
import type { NodeInfo } from './node-info.ts';

/** The configuration as it is in force: the file's keys with their defaults, and what follows from several of them. */
export interface Config {
  /** For SIP; the one for replication stands in `cluster`. */
  readonly listen: readonly ListenAddress[];
  /** Absolute path of the folder for everything that this node keeps; it need not exist yet. */
  readonly dataFolder: string;
  /** What usrloc's working mode means for the disk. */
  readonly persistence: Persistence;
  /** Absolute path of the management socket. */
  readonly miSocketPath: string;
  /** Paths in it are absolute, but for `socket`, which `miSocketPath` stands for. */
  readonly mi: ConfigKeys['mi'];
  readonly nodeId: number;
  /** What makes this node one of a cluster; undefined with `cluster_mode: none`. */
  readonly cluster: ClusterConfig | undefined;
  /** Absolute path of the file for the table `clusterer`, which may be filled before there is a cluster. */
  readonly clustererPath: string;
  /** The sections, under OpenSIPS's names and in its units: seconds, booleans, texts. */
  readonly usrloc: ConfigKeys['usrloc'];
  readonly registrar: ConfigKeys['registrar'];
  readonly nathelper: ConfigKeys['nathelper'];
  readonly policy: ConfigKeys['policy'];
  /** As it is written; `nodeId`, `cluster` and `clustererPath` say what it means. */
  readonly clusterer: ConfigKeys['clusterer'];
  readonly tls_mgm: ConfigKeys['tls_mgm'];
  readonly sip: ConfigKeys['sip'];
  readonly log: ConfigKeys['log'];
}

export type Persistence =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'sqlite';
      /** Absolute. */
      readonly path: string;
      readonly writeMode: 'write-through' | 'write-back';
      readonly flushIntervalMs: number;
    };

/** The keys of usrloc, clusterer, tls_mgm and `listen` that are about the cluster, resolved. */
export interface ClusterConfig {
  /** `location_cluster`. */
  readonly clusterId: number;
  readonly listen: ReplicationListener;
  /** Absolute paths; undefined with `bin:`. */
  readonly tls: TlsFiles | undefined;
  readonly nodes: NodesConfig;
  readonly secret: SecretConfig;
  readonly commit: 'twin' | 'local';
  readonly commitTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  readonly nodeTimeoutMs: number;
  readonly seedFallbackMs: number;
  readonly logBytesMax: number;
  /** 0 = never. */
  readonly digestIntervalMs: number;
}

/** `db_mode`: whether the nodes stand in the table of `clustererPath` or in the configuration itself. */
export type NodesConfig =
  | { readonly kind: 'table' }
  | { readonly kind: 'configured'; readonly self: NodeInfo; readonly neighbours: readonly NodeInfo[] };

export type SecretConfig =
  | { readonly kind: 'none' }
  /** The first signs, any is accepted. */
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  /** Absolute. */
  | { readonly kind: 'file'; readonly path: string };

export interface TlsFiles {
  readonly certificatePath: string;
  readonly privateKeyPath: string;
  readonly caListPath: string;
}
