import { createConnection } from 'node:net';
import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { parseNodeUrl, type NodeUrl } from '../core/node-url.ts';
import { statusIn, UNLINKED, type DaemonAnswer, type Refusal, type TwinState } from './daemon-answer.ts';
import { error, unchecked, warning, type Finding } from './finding.ts';

export interface TwinFacts {
  readonly config: Pick<Config, 'cluster' | 'nodeId'>;
  readonly answer: DaemonAnswer;
  /** Where the other node takes replication; undefined while nobody could say it. */
  readonly twinUrl: string | undefined;
  /** Why nothing answers there over TCP, `reachable`, or undefined where it was not tried. */
  readonly tcp: 'reachable' | { readonly reason: string } | undefined;
}

const CONNECT_TIMEOUT_MS = 3000;

/** The other node's place is tried only where no link says more: that node notes each stranger who comes. */
export async function readTwinFacts(
  config: Config,
  answer: DaemonAnswer,
  twinUrl: string | undefined,
  clock: Clock,
): Promise<TwinFacts> {
  const replication = statusIn(answer)?.replication;
  const isLinked = replication !== undefined && !UNLINKED.has(replication.outgoing);
  const url = twinUrl === undefined ? undefined : parseNodeUrl(twinUrl);
  const isTried = config.cluster !== undefined && !isLinked && url?.ok === true;
  return { config, answer, twinUrl, tcp: isTried ? await connect(url.value, clock) : undefined };
}

function connect({ host, port }: NodeUrl, clock: Clock): Promise<'reachable' | { readonly reason: string }> {
  const socket = createConnection({ host, port });
  return new Promise<'reachable' | { readonly reason: string }>((resolve) => {
    const timer = clock.after(CONNECT_TIMEOUT_MS, () => {
      resolve({ reason: `no answer within ${CONNECT_TIMEOUT_MS / 1000} s` });
    });
    socket.on('connect', () => resolve('reachable'));
    socket.on('error', ({ message }) => resolve({ reason: message }));
    socket.on('close', () => timer.cancel());
  }).finally(() => socket.destroy());
}

/** Whether the other node is there, is let in, and holds the same bindings. */
export function checkTwin(facts: TwinFacts): readonly Finding[] {
  if (facts.config.cluster === undefined) return [];
  const replication = statusIn(facts.answer)?.replication;
  if (replication === undefined) return facts.answer.kind === 'status' ? [notAPair()] : unseenTwin(facts);
  return [
    ...membershipFindings(replication),
    ...linkFindings(replication, facts),
    ...roleFindings(replication, facts.answer),
    ...readyFindings(replication),
    ...listenFindings(replication),
    ...(replication.warnings ?? []).map((sentence) =>
      warning(
        sentence,
        'mend it on both nodes: twinreg cluster list shows where the nodes are named, and what is wrong',
      ),
    ),
  ];
}

function notAPair(): Finding {
  return error(
    'the configuration makes this node one of a pair, and the daemon that runs knows of none',
    'restart the daemon, or name the configuration that it runs with',
  );
}

function unseenTwin({ twinUrl, tcp }: TwinFacts): readonly Finding[] {
  if (twinUrl === undefined) {
    return [unchecked('the other node (no daemon says where it is)', 'look again when the daemon runs')];
  }
  const link = unchecked(
    `whether ${twinUrl} lets this node in and is in sync (the daemon says nothing)`,
    'look again when the daemon runs',
  );
  return tcp === undefined || tcp === 'reachable' ? [link] : [unreachable(twinUrl, tcp.reason), link];
}

function unreachable(twinUrl: string, reason: string): Finding {
  return error(
    `the other node is not reached at ${twinUrl}: ${reason}`,
    'is it up, does twinreg run there, and does a firewall let this port through?',
  );
}

function membershipFindings({
  membership,
  twin_id: twinId,
  enabled,
  waits_for: waitsFor,
}: TwinState): readonly Finding[] {
  const isMember = membership === undefined || membership === 'member';
  if (isMember && twinId !== undefined && enabled !== false) return [];
  const what = waitsFor ?? `this node's place in the cluster is "${membership ?? 'unknown'}"`;
  return [error(`nothing is replicated: ${what}`, 'twinreg cluster list shows the nodes, and what is wrong with them')];
}

/** What makes two nodes refuse each other, and how to mend it. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  [
    'wrong-secret',
    'put the same secret into clusterer.secret_file on both nodes, and restart the one whose file was changed',
  ],
  ['protocol-version', 'the two nodes run versions that do not understand each other: upgrade the older one'],
  ['wrong-cluster', 'write the same usrloc.location_cluster on both nodes'],
  ['same-node-id', 'give each node a clusterer.my_node_id of its own'],
  ['unknown-node', 'name this node at the other one, where twinreg cluster list shows what is named and how'],
  ['key-rules', 'write the same usrloc and registrar keys on both nodes'],
  ['clock', 'set the clocks of both nodes right (timedatectl)'],
  ['horizon', 'run the same version on both nodes'],
  [
    'disabled',
    'twinreg cluster list on both nodes: a row is switched off (twinreg mi clusterer_set_status CLUSTER NODE 1), or has a wrong address or number for a node (twinreg cluster remove, then add)',
  ],
]);

function linkFindings(twin: TwinState, { config, tcp }: TwinFacts): readonly Finding[] {
  const { membership = 'member', twin_id: twinId, enabled, outgoing, synced, twin_url: url = '' } = twin;
  if (twinId === undefined || enabled === false || membership !== 'member') return [];
  if (outgoing === 'in-sync' && synced) return [];
  const isUnlinked = UNLINKED.has(outgoing);
  const refusal = isUnlinked ? lastRefusal(twin) : undefined;
  const remedy = refusal === undefined ? usualRemedy(outgoing, twinId, config.nodeId) : refusalRemedy(refusal.reason);
  // What goes out is compared, and what comes in is not yet: shortly after a start.
  const state =
    outgoing === 'in-sync'
      ? `not everything of node ${twinId} is here yet`
      : `node ${twinId} is not in sync (${outgoing})`;
  const what = `${state}: ${reasonText(twin, refusal)}`;
  const link = outgoing === 'lagging' ? warning(what, remedy) : error(what, remedy);
  return isUnlinked && tcp !== undefined && tcp !== 'reachable' ? [unreachable(url, tcp.reason), link] : [link];
}

/** Two nodes that do not hear each other may both have the address. */
function* roleFindings({ outgoing, twin_id: twinId }: TwinState, answer: DaemonAnswer): Iterable<Finding> {
  if (twinId === undefined || !UNLINKED.has(outgoing) || statusIn(answer)?.role?.active !== true) return;
  yield unchecked(
    `whether node ${twinId} is active too, as this one is (without a link it does not say)`,
    `twinreg status on node ${twinId}: if it is, phones reach one or the other, and what a node answers is on that node alone until the nodes reach each other again`,
  );
}

function* listenFindings({ listen_difference: difference }: TwinState): Iterable<Finding> {
  if (difference === undefined) return;
  yield error(
    `${difference}: phones are lost when the address moves`,
    'write the address that keepalived moves (virtual_ipaddress) into listen, the same on both nodes, and restart the daemon where listen was changed',
  );
}

function* readyFindings({ outgoing, twin_id: twinId, twin_ready: isReady }: TwinState): Iterable<Finding> {
  if (isReady !== false || UNLINKED.has(outgoing)) return;
  const what = `node ${twinId ?? 'unknown'} says that it could not serve phones: a failover would help nobody`;
  yield error(what, 'twinreg doctor on that node says why');
}

function reasonText({ waits_for: waitsFor = 'no reason is known' }: TwinState, refusal: Refusal | undefined): string {
  if (refusal === undefined || waitsFor.includes(refusal.text)) return waitsFor;
  return `${waitsFor}; ${refusal.reason}: ${refusal.text}`;
}

/** With these a link ends now and then. */
const ENDINGS: ReadonlySet<string> = new Set(['stopping', 'replaced', 'duplicate', 'timeout', 'log-overrun']);

/** Nodes that refuse each other try again within seconds. */
const RECENT_MS = 300_000;

/** The one who connects hears the reason from the other end; the other one only that a stranger came. */
function lastRefusal({ last_refusal: refusal, last_stranger: stranger }: TwinState): Refusal | undefined {
  const recent = [refusal, stranger].flatMap((found) => found ?? []).filter(({ ms_ago }) => ms_ago < RECENT_MS);
  return recent.filter(({ reason }) => !ENDINGS.has(reason)).toSorted((a, b) => a.ms_ago - b.ms_ago)[0];
}

function refusalRemedy(reason: string): string {
  return REMEDIES.get(reason) ?? '`twinreg status` on both nodes says more';
}

function usualRemedy(outgoing: string, twinId: number, nodeId: number): string {
  if (outgoing === 'lagging')
    return 'it ends by itself; if it stays, look at the load of the other node and at the network';
  if (!UNLINKED.has(outgoing)) return 'wait until both have compared their bindings';
  const dialler = twinId > nodeId ? `node ${twinId} is the one that connects` : 'this node is the one that connects';
  return `does twinreg run on node ${twinId}, and what does twinreg doctor say there? (${dialler})`;
}
