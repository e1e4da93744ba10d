import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config.ts';
import type { ConfigKeys } from './config-schema.ts';

/** What becomes of a changed key when the file is read again: it is in force at once, or at the next start. */
export type Taking = 'reload' | 'restart';

/** Lists are keys by themselves, all else is a section of keys. */
type TakingTable = {
  readonly [S in keyof ConfigKeys]: ConfigKeys[S] extends readonly unknown[]
    ? Taking
    : { readonly [K in keyof Required<ConfigKeys[S]>]: Taking };
};

/**
 * Every key of the file; one that is missing here does not compile. What sockets, the disk, keys in the table or what is
 * shown of it depend on needs a restart: bindings that are there already were made by it.
 */
const TAKING: TakingTable = {
  listen: 'restart',
  usrloc: {
    use_domain: 'restart',
    working_mode_preset: 'restart',
    cluster_mode: 'restart',
    restart_persistency: 'restart',
    sql_write_mode: 'restart',
    db_url: 'restart',
    flush_interval_ms: 'restart',
    matching_mode: 'restart',
    cseq_delay: 'restart',
    desc_time_order: 'restart',
    nat_bflag: 'restart',
    location_cluster: 'restart',
    max_records_per_aor: 'restart',
    max_aors: 'restart',
  },
  registrar: {
    default_expires: 'reload',
    min_expires: 'reload',
    min_expires_policy: 'reload',
    max_expires: 'reload',
    expires_max_deviation: 'reload',
    default_q: 'reload',
    // What is shown of the table follows it as well.
    max_contacts: 'restart',
    // Its flags decide matching, the limit of the view and what the SIP engine says it supports.
    save: 'restart',
    case_sensitive: 'restart',
    realm_prefix: 'restart',
    domains: 'restart',
    service_route: 'reload',
    received_param: 'reload',
    retry_after: 'reload',
    allow_dup_cseq: 'reload',
    lenient_cseq: 'reload',
    // With these three a name is an address of record or is not, for management commands too.
    max_username_len: 'restart',
    max_domain_len: 'restart',
    max_aor_len: 'restart',
    max_contact_len: 'reload',
    max_path_len: 'reload',
  },
  nathelper: {
    nat_uac_test: 'reload',
    fix_nated_contact: 'reload',
    natping_interval: 'reload',
    ping_nated_only: 'reload',
    natping_tcp: 'reload',
    natping_partitions: 'reload',
    natping_processes: 'reload',
    natping_max_rate: 'reload',
    sipping_from: 'reload',
    sipping_method: 'reload',
    sipping_bflag: 'reload',
    remove_on_timeout_bflag: 'reload',
    max_pings_lost: 'reload',
    ping_threshold: 'reload',
    sipping_ignore_rpl_codes: 'reload',
    sipping_latency_flag: 'reload',
  },
  policy: { setbflag: 'reload' },
  clusterer: {
    my_node_id: 'restart',
    current_id: 'restart',
    db_mode: 'restart',
    db_url: 'restart',
    my_node_info: 'restart',
    neighbor_node_info: 'restart',
    current_info: 'restart',
    neighbor_info: 'restart',
    ping_interval: 'restart',
    ping_timeout: 'restart',
    node_timeout: 'restart',
    seed_fallback_interval: 'restart',
    commit: 'restart',
    commit_timeout_ms: 'restart',
    secret: 'restart',
    secret_file: 'restart',
    no_secret: 'restart',
    log_size: 'restart',
    digest_interval: 'restart',
  },
  tls_mgm: { certificate: 'restart', private_key: 'restart', ca_list: 'restart' },
  mi: {
    socket: 'restart',
    http: 'restart',
    http_root: 'restart',
    http_token: 'restart',
    http_token_file: 'restart',
    fifo_name: 'restart',
    fifo_mode: 'restart',
    reply_dir: 'restart',
  },
  sip: {
    engine: 'restart',
    drachtio_host: 'restart',
    drachtio_port: 'restart',
    drachtio_secret: 'restart',
    drachtio_secret_file: 'restart',
    force_rport: 'restart',
    server_header: 'restart',
    udp_receive_buffer: 'restart',
    tcp_max_connections: 'restart',
    tcp_max_connections_per_source: 'restart',
    tcp_connection_lifetime: 'restart',
    tcp_max_msg_time: 'restart',
  },
  log: { level: 'reload', format: 'restart' },
};

/** How values that the configuration holds outside of their sections are called in the file or on the command line. */
const NAMES: Readonly<Record<string, string>> = {
  dataFolder: '--data',
  miSocketPath: 'mi.socket',
};

/** They follow from keys of sections, which are compared. */
const DERIVED: ReadonlySet<string> = new Set(['persistence', 'nodeId', 'cluster', 'clustererPath']);

/** @param key `listen`, `log.level`; undefined for what is no key of the file (`--data`). */
export function takingOf(key: string): Taking | undefined {
  const [section = '', name = ''] = key.split('.');
  const found: unknown = TAKINGS.get(section);
  const taking: unknown = isSection(found) ? new Map<string, unknown>(Object.entries(found)).get(name) : found;
  return taking === 'reload' || taking === 'restart' ? taking : undefined;
}

const TAKINGS: ReadonlyMap<string, unknown> = new Map(Object.entries(TAKING));

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface ConfigChange {
  /** Keys whose new values `next` has. */
  readonly changed: readonly string[];
  /** Keys whose new values wait for a restart. */
  readonly restart: readonly string[];
  /** The configuration in force from now on. */
  readonly next: Config;
}

/** What reading the file again changes in what is in force. */
export function configChange(inForce: Config, read: Config): ConfigChange {
  const before = valuesOf(inForce);
  const different = [...valuesOf(read)].filter(([key, value]) => !isDeepStrictEqual(value, before.get(key)));
  const keys = different.map(([key]) => key);
  const isTaken = (key: string) => takingOf(key) === 'reload';
  return { changed: keys.filter(isTaken), restart: keys.filter((key) => !isTaken(key)), next: merged(inForce, read) };
}

function merged(inForce: Config, read: Config): Config {
  const sections = new Map<string, unknown>(Object.entries({ ...read }));
  const fresh = Object.entries<unknown>({ ...inForce }).map(([name, value]): [string, unknown] => {
    const found = sections.get(name);
    return [name, isSection(value) && isSection(found) ? mergedSection(name, value, found) : value];
  });
  return { ...inForce, ...Object.fromEntries(fresh) };
}

function mergedSection(section: string, inForce: object, read: object): object {
  const fresh = Object.entries(read).filter(([key]) => takingOf(`${section}.${key}`) === 'reload');
  const values: object = Object.fromEntries(fresh);
  return { ...inForce, ...values };
}

function valuesOf(config: Config): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries<unknown>({ ...config, listen: [config.listen, config.cluster?.listen] })) {
    if (DERIVED.has(name)) continue;
    if (!TAKINGS.has(name) || !isSection(value)) values.set(NAMES[name] ?? name, value);
    else for (const [key, inner] of Object.entries({ ...value })) values.set(`${name}.${key}`, inner);
  }
  return values;
}
