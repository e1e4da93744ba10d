import type { Test } from 'tap';
import type { Appliance } from './appliance.ts';
import { NamespacedPhones } from './namespaced-phones.ts';
import type { NodeId } from './pair.ts';
import { contradicted } from './recording-phones.ts';
import { cseqsOf } from './shown-table.ts';
import { until } from './until.ts';

/** From the fault on. */
export interface FailoverTimes {
  /** To the first REGISTER that the node answers which is active then. */
  readonly answerMs: number;
  /** To its first ping. */
  readonly pingMs: number;
}

const PHONES = { perSecond: 200, phones: 200, first: 0 };

/** Some rounds of pings of all these phones. */
const PINGS = 400;

/** Phones on the client's host that register through the address that moves. */
export function startPhones(t: Test, { network, server }: Appliance): Promise<NamespacedPhones> {
  return NamespacedPhones.start(t, network.client, { server, ...PHONES });
}

/** Resolves, when this node has answered a REGISTER and pinged since then, to how long that took. */
export async function takeover(appliance: Appliance, node: NodeId, sinceMs: number): Promise<FailoverTimes> {
  const capture = appliance.capture(node);
  const [answeredAtMs, pingedAtMs] = await Promise.all([
    capture.first('answer', sinceMs),
    capture.first('ping', sinceMs),
  ]);
  return { answerMs: answeredAtMs - sinceMs, pingMs: pingedAtMs - sinceMs };
}

/** From now on this node pings, and the other one does not. */
export async function pingsAlone(t: Test, appliance: Appliance, node: NodeId): Promise<void> {
  const sinceMs = Date.now();
  await until(() => appliance.capture(node).sent('ping', sinceMs).length >= PINGS);
  t.same(appliance.capture(otherOf(node)).sent('ping', sinceMs), [], `node ${node} pings, and the other one is quiet`);
}

/** In the end both nodes show the same, it is what phones were told, and nobody was refused whom a node could have served. */
export async function agree(t: Test, appliance: Appliance, phones: NamespacedPhones): Promise<void> {
  await phones.stop();
  await until(async () => (await appliance.differences()).length === 0);
  const told = await phones.records();
  for (const node of [1, 2] as const) {
    const missing = contradicted(told, told, cseqsOf(await appliance.table(node)));
    t.same(missing, [], `node ${node} shows what phones were told`);
  }
  t.same(appliance.engine.unexpected(await phones.refusals()), []);
}

/** Says how long it took, the median of several; nothing is expected of it. */
export function report(t: Test, what: string, times: readonly FailoverTimes[]): void {
  const answer = median(times.map(({ answerMs }) => answerMs));
  const ping = median(times.map(({ pingMs }) => pingMs));
  t.comment(
    `${what}: ${answer} ms to the first REGISTER answered, ${ping} ms to the first ping (${times.length} times)`,
  );
}

export function otherOf(node: NodeId): NodeId {
  return node === 1 ? 2 : 1;
}

function median(values: readonly number[]): string {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]?.toFixed(0) ?? 'unknown';
}
