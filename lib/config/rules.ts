import type { ConfigKeys } from './config-schema.ts';
import { isLoopback } from '../core/is-loopback.ts';
import { clusterRules } from './cluster-rules.ts';
import { isReplication, socketName, type Listener } from './listen-address.ts';
import type { ParsedKeys } from './parse-keys.ts';
import { problem, warning, type RuleFinding } from './rule-finding.ts';
import { LIFETIME_MAX_S } from './sections/registrar-section.ts';
import { LOW_LEVEL_KEYS, PRESETS, workingMode, type WorkingMode } from './working-mode.ts';

export type { RuleFinding };

/** With write-through answers wait for the interval; with write-back a slow disk has to have its time. */
const FLUSH_INTERVAL_MS = {
  'write-through': { leastMs: 5, mostMs: 20 },
  'write-back': { leastMs: 200, mostMs: 1000 },
} as const;

const MODE_KEYS = ['usrloc.working_mode_preset', 'usrloc.sql_write_mode', 'usrloc.restart_persistency'] as const;

/** RFC 3261 §10.3 step 7: only what is shorter than an hour may be called too brief. */
const REJECTABLE_MAX_S = 3600;

/** Rules about several keys at once, each of which is fine by itself. */
export function checkRules(parsed: ParsedKeys): readonly RuleFinding[] {
  const { keys, given } = parsed;
  return [
    ...workingModeRules(keys, given),
    ...storageRules(keys, given),
    ...expiryRules(keys, given),
    ...nodeRules(keys),
    ...listenRules(keys),
    ...clusterRules(keys, given),
    ...managementRules(keys),
    ...engineRules(keys, given),
  ].filter((finding) => !finding.keys.some(parsed.broken));
}

function* workingModeRules({ usrloc }: ConfigKeys, given: ParsedKeys['given']): Iterable<RuleFinding> {
  const { working_mode_preset: preset, restart_persistency, sql_write_mode } = usrloc;
  if (preset !== undefined) {
    for (const key of LOW_LEVEL_KEYS) {
      if (usrloc[key] === undefined || usrloc[key] === PRESETS[preset][key]) continue;
      yield warning(
        [`usrloc.${key}`, 'usrloc.working_mode_preset'],
        `${usrloc[key]} is not in force: working_mode_preset ${preset} sets ${PRESETS[preset][key]}; remove one of the two`,
      );
    }
    return;
  }
  const writes = sql_write_mode !== undefined && sql_write_mode !== 'none';
  if (writes && restart_persistency !== 'load-from-sql') {
    yield problem(
      ['usrloc.sql_write_mode', 'usrloc.restart_persistency', 'usrloc.working_mode_preset'],
      `${sql_write_mode} needs restart_persistency: load-from-sql (without it usrloc ignores the write mode); write both, or working_mode_preset: ${presetFor(usrloc.cluster_mode)}-sql-${sql_write_mode}`,
    );
  }
  if (sql_write_mode === 'none' && restart_persistency === 'load-from-sql' && given('usrloc.sql_write_mode')) {
    yield warning(
      ['usrloc.sql_write_mode', 'usrloc.restart_persistency', 'usrloc.working_mode_preset'],
      'none is not in force: restart_persistency load-from-sql without a write mode means write-back',
    );
  }
}

function presetFor(clusterMode: WorkingMode['cluster_mode'] = 'none'): string {
  return clusterMode === 'none' ? 'single-instance' : 'full-sharing-cluster';
}

function* storageRules(
  { usrloc, registrar, clusterer }: ConfigKeys,
  given: ParsedKeys['given'],
): Iterable<RuleFinding> {
  if (registrar.max_contacts > usrloc.max_records_per_aor) {
    yield problem(
      ['registrar.max_contacts', 'usrloc.max_records_per_aor'],
      `${registrar.max_contacts} is more than usrloc.max_records_per_aor (${usrloc.max_records_per_aor}), which would be reached first`,
    );
  }
  const { sql_write_mode: writeMode, cluster_mode } = workingMode(usrloc.working_mode_preset, usrloc);
  if (writeMode !== 'none') {
    yield* flushRules(usrloc.flush_interval_ms, writeMode);
    return;
  }
  // The table `clusterer` is there unless it is said to be elsewhere.
  const hasNodes = cluster_mode !== 'none' && clusterer.db_mode === 1 && clusterer.db_url === undefined;
  for (const key of ['usrloc.db_url', 'usrloc.flush_interval_ms'] as const) {
    if (given(key) && !(hasNodes && key === 'usrloc.db_url')) {
      yield warning([key, ...MODE_KEYS], 'is not used: this working mode keeps bindings in memory only');
    }
  }
}

function* flushRules(intervalMs: number | undefined, writeMode: 'write-through' | 'write-back'): Iterable<RuleFinding> {
  const { leastMs, mostMs } = FLUSH_INTERVAL_MS[writeMode];
  if (intervalMs === undefined || (intervalMs >= leastMs && intervalMs <= mostMs)) return;
  yield problem(
    ['usrloc.flush_interval_ms', ...MODE_KEYS],
    `expected ${leastMs} to ${mostMs} with ${writeMode}, found ${intervalMs}`,
  );
}

function* expiryRules({ registrar }: ConfigKeys, given: ParsedKeys['given']): Iterable<RuleFinding> {
  const { min_expires: min, default_expires: usual } = registrar;
  const max = registrar.max_expires === 0 ? LIFETIME_MAX_S : registrar.max_expires;
  if (min > max) {
    const keys = ['registrar.max_expires', 'registrar.min_expires'] as const;
    const minText = given('registrar.min_expires') ? `${min}` : `${min}, the default`;
    yield problem(keys, `${max} is less than min_expires (${minText})`);
    return;
  }
  if (registrar.min_expires_policy === 'reject' && min > REJECTABLE_MAX_S) {
    yield warning(
      ['registrar.min_expires_policy', 'registrar.min_expires'],
      `reject is not in force: RFC 3261 §10.3 allows 423 for less than an hour only, and min_expires is ${min}`,
    );
  }
  // A default_expires that nobody wrote is brought within the bounds silently, as in OpenSIPS.
  if (!given('registrar.default_expires')) return;
  if (usual < min)
    yield problem(['registrar.default_expires', 'registrar.min_expires'], `${usual} is less than min_expires (${min})`);
  if (usual > max)
    yield problem(['registrar.default_expires', 'registrar.max_expires'], `${usual} is more than max_expires (${max})`);
}

function* nodeRules({ clusterer, nathelper }: ConfigKeys): Iterable<RuleFinding> {
  const { my_node_id, current_id } = clusterer;
  if (my_node_id !== undefined && current_id !== undefined && my_node_id !== current_id) {
    yield problem(
      ['clusterer.current_id', 'clusterer.my_node_id'],
      `${current_id} is not my_node_id (${my_node_id}), of which it is the older name; remove it`,
    );
  }
  const tests = nathelper.nat_uac_test;
  if (nathelper.fix_nated_contact && (tests === 0 || (Array.isArray(tests) && tests.length === 0))) {
    yield warning(
      ['nathelper.fix_nated_contact', 'nathelper.nat_uac_test'],
      'has no effect: without nat_uac_test no phone is behind NAT',
    );
  }
}

function* listenRules({ listen }: ConfigKeys): Iterable<RuleFinding> {
  const replication = listen.filter(isReplication);
  if (listen.length === 0) yield problem(['listen'], 'expected at least one listener');
  else if (listen.length === replication.length) {
    const message = 'bin: is for replication alone; expected a listener for phones beside it, such as sip:10.0.0.150';
    yield problem(['listen'], message);
  }
  if (replication.length > 1) {
    const names = replication.map(socketName).join(' and ');
    yield problem(['listen'], `${names}: expected one listener for replication at most`);
  }
  yield* twiceBound(listen);
}

function* twiceBound(listen: readonly Listener[]): Iterable<RuleFinding> {
  const takers = new Map<string, string>();
  for (const listener of listen) {
    const name = socketName(listener);
    const bound = isReplication(listener) ? socketName({ ...listener, transport: 'tcp', advertised: undefined }) : name;
    const taker = takers.get(bound);
    if (taker === name) yield problem(['listen'], `${name} stands here twice; sip: means udp: and tcp:`);
    else if (taker !== undefined) yield problem(['listen'], `${name} has the port of ${taker}; replication is TCP too`);
    takers.set(bound, name);
  }
}

/** What only the engine in this process has, and what only the other one needs. */
const EMBEDDED_KEYS = [
  'force_rport',
  'udp_receive_buffer',
  'tcp_max_connections',
  'tcp_max_connections_per_source',
  'tcp_connection_lifetime',
  'tcp_max_msg_time',
] as const;
const DRACHTIO_KEYS = ['drachtio_host', 'drachtio_port', 'drachtio_secret', 'drachtio_secret_file'] as const;

function* engineRules({ sip }: ConfigKeys, given: ParsedKeys['given']): Iterable<RuleFinding> {
  for (const key of sip.engine === 'drachtio' ? EMBEDDED_KEYS : DRACHTIO_KEYS) {
    if (given(`sip.${key}`)) yield warning([`sip.${key}`, 'sip.engine'], `has no effect with engine: ${sip.engine}`);
  }
  if (given('sip.drachtio_secret') && given('sip.drachtio_secret_file')) {
    const keys = ['sip.drachtio_secret', 'sip.drachtio_secret_file'] as const;
    yield problem([...keys], 'stands beside drachtio_secret_file; remove one of the two');
  }
}

function* managementRules({ mi }: ConfigKeys): Iterable<RuleFinding> {
  const { http, http_token, http_token_file } = mi;
  if (http_token !== undefined && http_token_file !== undefined) {
    yield problem(['mi.http_token', 'mi.http_token_file'], 'stands beside http_token_file; remove one of the two');
  }
  const isTokenSet = http_token !== undefined || http_token_file !== undefined;
  if (http?.kind !== 'on' || isTokenSet || isLoopback(http.address)) return;
  yield problem(
    ['mi.http', 'mi.http_token', 'mi.http_token_file'],
    `other machines reach ${http.address}: set mi.http_token_file (better) or mi.http_token, or serve 127.0.0.1`,
  );
}
