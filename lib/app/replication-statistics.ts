import type { StatusParts } from './status.ts';

type Statistic = readonly [name: string, value: number];

/**
 * The nodes as OpenSIPS's clusterer counts them (those that `clusterer_list` shows: the other ones), and replication,
 * which has no names there that anybody expects. Nothing on a node of its own.
 */
export function replicationStatistics({ twin }: StatusParts): readonly Statistic[] {
  const { control } = twin;
  const status = twin.status();
  if (control === undefined || status === undefined) return [];
  const nodes = control.others();
  const up = nodes.filter(({ link }) => link === 'Up').length;
  const { counters, lagChanges, lagMs } = status;
  return [
    ['clusterer:clusterer_nodes', nodes.length],
    ['clusterer:clusterer_nodes_up', up],
    ['clusterer:clusterer_nodes_down', nodes.length - up],
    ['twinreg:replication_links', counters.links],
    ['twinreg:replication_refusals', counters.refusals],
    ['twinreg:replication_demotions', counters.demotions],
    ['twinreg:replication_resumes', counters.resumes],
    ['twinreg:replication_reconciles', counters.reconciles],
    ['twinreg:replication_protocol_errors', counters.protocolErrors],
    ['twinreg:replication_log_overruns', counters.logOverruns],
    ['twinreg:replication_lag_changes', lagChanges],
    ['twinreg:replication_lag_ms', lagMs],
  ];
}
