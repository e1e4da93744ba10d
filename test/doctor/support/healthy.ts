import { loadConfig } from '../../../lib/config/load-config.ts';
import type { Config } from '../../../lib/config/config.ts';
import type { DaemonAnswer, DaemonStatus } from '../../../lib/doctor/daemon-answer.ts';

/** The address that moves, and those of the two nodes. */
export const VIRTUAL = '10.0.0.150';
export const OWN = '10.0.0.177';
export const TWIN = '10.0.0.178';

const SURROUNDINGS = { cwd: '/', home: '/root', xdgStateHome: undefined, isRoot: true };

/** A configuration in force; throws where it has problems. */
export function config(text: string): Config {
  const loaded = loadConfig({ text, listen: [], data: undefined, surroundings: SURROUNDINGS });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

/** That of node 1 of a pair, with what `more` has beside it. */
export function pairConfig(more = '', listen = VIRTUAL): Config {
  return config(`
listen: ["sip:${listen}", "bin:${OWN}"]
usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}
clusterer:
  my_node_id: 1
  db_mode: 0
  my_node_info: "cluster_id=1,node_id=1,url=bin:${OWN},flags=seed"
  neighbor_node_info: "cluster_id=1,node_id=2,url=bin:${TWIN}"
  secret_file: /etc/twinreg/secret
${more}`);
}

/** What a passive node says that has nothing to complain about. */
export const STATUS: DaemonStatus = {
  version: '1.2.3',
  pid: 77,
  management: ['http://127.0.0.1:8888/mi'],
  role: { flag: false, address_here: false, yielding: false },
  storage: { mode: 'write-back', state: 'ok' },
  replication: {
    membership: 'member',
    twin_id: 2,
    twin_url: `bin:${TWIN}`,
    enabled: true,
    outgoing: 'in-sync',
    synced: true,
    clock_offset_ms: 3,
  },
  degraded: [],
};

export function answer(status: Partial<DaemonStatus> = {}): DaemonAnswer {
  return { kind: 'status', status: { ...STATUS, ...status } };
}

export const NOT_RUNNING: DaemonAnswer = { kind: 'not-running', reason: 'there is no socket' };
