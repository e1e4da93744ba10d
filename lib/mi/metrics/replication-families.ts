import type { DirectionState, ReplicationStatus } from '../../replication/replicator-types.ts';
import type { Family, Sample } from './family.ts';
import type { MetricsSources } from './metrics-sources.ts';

const STATES: Readonly<Record<DirectionState, true>> = {
  down: true,
  connecting: true,
  authenticating: true,
  reconciling: true,
  'in-sync': true,
  lagging: true,
};

/** The other node of the pair. On a node of its own these families are empty. */
export const REPLICATION_FAMILIES: readonly Family[] = [
  {
    kind: 'gauge',
    name: 'twinreg_in_sync',
    help: '1 while what phones are told here is on the other node too (unless clusterer.commit is local, when it is there a moment later).',
    read: of(({ outgoing }) => Number(outgoing === 'in-sync')),
  },
  {
    kind: 'gauge',
    name: 'twinreg_synced',
    help: '1 once this node has reconciled with a synced one since its start, or called itself synced as the seed; before that it may lack bindings.',
    read: of(({ synced }) => Number(synced)),
  },
  {
    kind: 'gauge',
    name: 'twinreg_replication_state',
    help: '1 for the present state of each direction: outgoing is what changes here go to the other node as, incoming what its changes come here as.',
    labels: ['direction', 'state'],
    read(sources) {
      const status = sources.replication();
      if (status === undefined) return undefined;
      return [...statesOf('outgoing', status.outgoing), ...statesOf('incoming', status.incoming)];
    },
  },
  {
    kind: 'gauge',
    name: 'twinreg_replication_lag_changes',
    help: 'Changes of this node that the other one has not acknowledged; 0 without a link.',
    read: of(({ lagChanges }) => lagChanges),
  },
  {
    kind: 'gauge',
    name: 'twinreg_replication_lag_seconds',
    help: 'How long the oldest change that the other node has not acknowledged has been waiting; 0 = there is none.',
    read: of(({ lagMs }) => lagMs / 1000),
  },
  {
    kind: 'gauge',
    name: 'twinreg_replication_log_bytes',
    help: 'Memory of the changes that are kept for the other node; clusterer.log_size bounds it.',
    read: of(({ logBytes }) => logBytes),
  },
  {
    kind: 'gauge',
    name: 'twinreg_replication_head_position',
    help: "Number of this node's last change since its start.",
    read: of(({ head }) => head),
  },
  {
    kind: 'gauge',
    name: 'twinreg_replication_applied_position',
    help: "Number of the other node's last change that was applied here; 0 without a link. On the other node it is the head.",
    read: of(({ applied }) => applied),
  },
  {
    kind: 'gauge',
    name: 'twinreg_replication_silence_seconds',
    help: 'For how long nothing was heard of the other node; nothing without a link.',
    read: of(({ silentMs }) => seconds(silentMs)),
  },
  {
    kind: 'gauge',
    name: 'twinreg_clock_offset_seconds',
    help: "The other node's cluster time minus this node's; nothing without a link.",
    read: of(({ clockOffsetMs }) => seconds(clockOffsetMs)),
  },
  {
    kind: 'gauge',
    name: 'twinreg_wall_clock_offset_seconds',
    help: 'Cluster time, which both nodes agree on, minus the wall clock of this machine. Up to 2 s ahead is what a quick restart leaves.',
    read: (sources) => (sources.replication() === undefined ? undefined : sources.wallOffsetMs() / 1000),
  },
  {
    kind: 'counter',
    name: 'twinreg_replication_links_total',
    help: 'Connections to the other node that came to be the link.',
    read: of(({ counters }) => counters.links),
  },
  {
    kind: 'counter',
    name: 'twinreg_replication_refusals_total',
    help: 'Replication connections that were refused or ended with a word, by this node or the other one, by reason. stopping, replaced and duplicate are normal.',
    labels: ['reason'],
    read: of(({ refusals }) => Array.from(refusals, ([reason, count]): Sample => [{ reason }, count])),
  },
  {
    kind: 'counter',
    name: 'twinreg_replication_demotions_total',
    help: 'How often the other node did not acknowledge in time (clusterer.commit_timeout_ms), so that replies no longer waited for it.',
    read: of(({ counters }) => counters.demotions),
  },
  {
    kind: 'counter',
    name: 'twinreg_replication_resumes_total',
    help: 'Links that went on where the last one had ended.',
    read: of(({ counters }) => counters.resumes),
  },
  {
    kind: 'counter',
    name: 'twinreg_replication_reconciles_total',
    help: 'Links that began with a comparison of all bindings.',
    read: of(({ counters }) => counters.reconciles),
  },
  {
    kind: 'counter',
    name: 'twinreg_replication_protocol_errors_total',
    help: 'Connections that were ended because the other end broke the protocol.',
    read: of(({ counters }) => counters.protocolErrors),
  },
  {
    kind: 'counter',
    name: 'twinreg_replication_log_overruns_total',
    help: 'How often more changes waited for the other node than clusterer.log_size holds, so that all bindings were compared anew.',
    read: of(({ counters }) => counters.logOverruns),
  },
  {
    kind: 'gauge',
    name: 'twinreg_replication_last_reconcile_age_seconds',
    help: 'How long ago the last comparison with the other node ended here; nothing before the first.',
    read: of(({ lastReconcile }) => seconds(lastReconcile?.agoMs)),
  },
  {
    kind: 'gauge',
    name: 'twinreg_replication_last_reconcile_duration_seconds',
    help: 'How long the last comparison with the other node took.',
    read: of(({ lastReconcile }) => seconds(lastReconcile?.tookMs)),
  },
  {
    kind: 'gauge',
    name: 'twinreg_replication_last_reconcile_users',
    help: 'Of the last comparison, by what: received = addresses of record that came from the other node, changed = those of them that changed something here.',
    labels: ['what'],
    read: of(({ lastReconcile }) => {
      if (lastReconcile === undefined) return undefined;
      const { received, changed } = lastReconcile;
      return [
        [{ what: 'received' }, received],
        [{ what: 'changed' }, changed],
      ];
    }),
  },
];

/** A family that is read from the state of replication, where there is one. */
function of(read: (status: ReplicationStatus) => ReturnType<Family['read']>): Family['read'] {
  return (sources: MetricsSources) => {
    const status = sources.replication();
    return status === undefined ? undefined : read(status);
  };
}

function statesOf(direction: string, present: DirectionState): readonly Sample[] {
  return Object.keys(STATES).map((state) => [{ direction, state }, Number(state === present)]);
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
