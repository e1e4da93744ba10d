import type { Test } from 'tap';
import type { Appliance } from './appliance.ts';
import { otherOf, pingsAlone, report, takeover, type FailoverTimes } from './failover.ts';
import type { NamespacedPhones } from './namespaced-phones.ts';
import type { NodeId } from './pair.ts';
import { contradicted } from './recording-phones.ts';
import { cseqsOf } from './shown-table.ts';
import { inTest } from './soak.ts';
import { until } from './until.ts';

/** How often each fault strikes. */
export const ROUNDS = inTest(1, { inSoak: 6 });

/** Each contact is pinged every second, so that the first ping is soon seen. */
export const PINGED_OFTEN = 'nathelper: {natping_interval: 1, max_pings_lost: 5}';

/** `clusterer.ping_interval` of the appliance. */
const HEARTBEAT_MS = 1000;

export interface Fault {
  /** What happens to the active node. */
  readonly name: string;
  readonly strike: (appliance: Appliance, active: NodeId) => unknown;
  readonly mend: (appliance: Appliance, node: NodeId) => unknown;
  /** The nodes do not hear each other while it lasts. */
  readonly cutsLink?: true;
  /** The active node keeps the address and the role, and yields. */
  readonly yields?: true;
  /** The active node does not know that it was away, and may get the address back. */
  readonly forgets?: true;
}

/** What may happen to a node, whatever its SIP comes from. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'its daemon is killed',
    strike: (appliance, active) => appliance.daemon(active).kill(),
    mend: (appliance, node) => appliance.startDaemon(node),
  },
  {
    name: 'its daemon hangs',
    strike: (appliance, active) => appliance.daemon(active).signal('SIGSTOP'),
    mend: (appliance, node) => appliance.daemon(node).signal('SIGCONT'),
    cutsLink: true,
  },
  {
    name: 'its link goes down',
    strike: (appliance, active) => appliance.host(active).linkDown(),
    mend: (appliance, node) => appliance.host(node).linkUp(),
    cutsLink: true,
  },
  {
    name: 'its keepalived is killed',
    strike: (appliance, active) => appliance.keepalived(active).kill(),
    mend: (appliance, node) => appliance.keepalived(node).start(),
    yields: true,
  },
  {
    name: 'its keepalived hangs',
    strike: (appliance, active) => appliance.keepalived(active).hang(),
    mend: (appliance, node) => appliance.keepalived(node).goOn(),
    yields: true,
    forgets: true,
  },
  {
    name: 'it is told to hand over',
    strike: (appliance, active) => appliance.handover(active, true),
    mend: (appliance, node) => appliance.handover(node, false),
  },
];

/** Each fault strikes the node that is active then, and the other one takes over. */
export async function strikeAll(
  t: Test,
  appliance: Appliance,
  phones: NamespacedPhones,
  faults: readonly Fault[],
): Promise<void> {
  for (const fault of faults) {
    const times: FailoverTimes[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const active = await appliance.settled();
      await t.test(`when ${fault.name}, of node ${active}`, async (t) => {
        times.push(await failover(t, appliance, phones, fault, active));
      });
    }
    report(t, `when ${fault.name}`, times);
  }
}

async function failover(
  t: Test,
  appliance: Appliance,
  phones: NamespacedPhones,
  fault: Fault,
  old: NodeId,
): Promise<FailoverTimes> {
  const next = otherOf(old);
  await phones.more(100);
  const wasInSync = appliance.saidInSync(old);
  const faultAtMs = Date.now();
  const struck = fault.strike(appliance, old);
  const silenced = phones.silence();
  const times = await takeover(appliance, next, faultAtMs);
  const [told] = await Promise.all([silenced, struck]);
  const missing = contradicted(told, told, cseqsOf(await appliance.table(next)));
  if (wasInSync) t.same(missing, [], 'it shows all that phones were told');
  else t.comment(`the twin was demoted before the fault: ${missing.length} registrations were on one node only`);
  await phones.resume();
  await phones.more(100);
  if (fault.yields === true) await until(async () => (await appliance.daemon(old).status()).role.yielding);

  if (fault.cutsLink !== true) overlaps(t, appliance, old, faultAtMs + times.pingMs);

  await fault.mend(appliance, old);
  const winner = fault.forgets === true ? await lasting(appliance) : await appliance.settled();
  if (fault.forgets !== true) t.equal(winner, next, 'who has the address in the end');
  await pingsAlone(t, appliance, winner);
  return times;
}

/** Who has the address for good: a keepalived that goes on may move it twice. */
async function lasting(appliance: Appliance): Promise<NodeId> {
  for (;;) {
    const node = await appliance.settled();
    const stillAtMs = Date.now() + 2 * HEARTBEAT_MS;
    await until(() => !appliance.hasAddress(node) || Date.now() > stillAtMs);
    if (appliance.hasAddress(node)) return appliance.settled();
  }
}

/**
 * The old one has not pinged for longer than a heartbeat after the new one began. What phones answered elsewhere meanwhile its server
 * sends again, and cannot be told to stop.
 */
function overlaps(t: Test, appliance: Appliance, old: NodeId, sinceMs: number): void {
  const lastAtMs = appliance.capture(old).sent('ping', sinceMs).at(-1)?.atMs ?? sinceMs;
  const bothMs = lastAtMs - sinceMs;
  t.ok(bothMs <= HEARTBEAT_MS + appliance.engine.pingsAgainForMs, `both pinged for ${bothMs.toFixed(0)} ms`);
}
