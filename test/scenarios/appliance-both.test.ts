import t, { type Test } from 'tap';
import { Appliance } from '../support/appliance.ts';
import { applianceSkip } from '../support/appliance-network.ts';
import { ENGINES, type TestEngine } from '../support/engines.ts';
import { agree, otherOf, pingsAlone, report, startPhones, takeover, type FailoverTimes } from '../support/failover.ts';
import type { NodeId } from '../support/pair.ts';
import { inTest } from '../support/soak.ts';
import { until } from '../support/until.ts';

const ROUNDS = inTest(1, { inSoak: 6 });
const CONFIG = 'nathelper: {natping_interval: 1, max_pings_lost: 5}';
const options = { skip: applianceSkip(), timeout: inTest(240_000, { inSoak: 3_600_000 }) };

for (const engine of ENGINES) {
  t.test(
    `while both daemons hang nobody has the address, and the first to go on gets it (${engine.name})`,
    options,
    (t) => bothHang(t, engine),
  );
  t.test(
    `while the nodes do not hear each other both serve and say so; healed, one of them does (${engine.name})`,
    options,
    (t) => bothServe(t, engine),
  );
}

async function bothHang(t: Test, engine: TestEngine): Promise<void> {
  const appliance = await Appliance.start(t, { engine, config: CONFIG });
  const phones = await startPhones(t, appliance);
  const times: FailoverTimes[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const old = await appliance.settled();
    const next = otherOf(old);
    await phones.more(100);
    for (const node of [old, next]) appliance.daemon(node).signal('SIGSTOP');
    await until(() => !appliance.hasAddress(old) && !appliance.hasAddress(next));
    const goesOnAtMs = Date.now();
    appliance.daemon(next).signal('SIGCONT');
    times.push(await takeover(appliance, next, goesOnAtMs));
    await phones.more(100);
    appliance.daemon(old).signal('SIGCONT');
    t.equal(await appliance.settled(), next);
    t.same(appliance.capture(old).sent('ping', goesOnAtMs), [], 'the other one comes back quietly');
    await pingsAlone(t, appliance, next);
  }
  report(t, 'when both checks have failed, and one daemon goes on', times);
  await agree(t, appliance, phones);
}

async function bothServe(t: Test, engine: TestEngine): Promise<void> {
  const appliance = await Appliance.start(t, { engine, config: CONFIG });
  const phones = await startPhones(t, appliance);
  const [cutting, healing]: [FailoverTimes[], FailoverTimes[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = otherOf(await appliance.settled());
    await phones.more(100);
    const cutAtMs = Date.now();
    appliance.network.cut();
    cutting.push(await takeover(appliance, next, cutAtMs));
    const bothAtMs = Date.now();
    const serves = async (node: NodeId) => {
      await takeover(appliance, node, bothAtMs);
      await until(async () => {
        const { role, replication, pings } = await appliance.daemon(node).status();
        return role.active && pings.active && !role.yielding && replication?.outgoing === 'down';
      });
    };
    await Promise.all([serves(1), serves(2)]);

    const healedAtMs = Date.now();
    appliance.network.heal();
    healing.push(await takeover(appliance, 1, healedAtMs));
    t.equal(await appliance.settled(), 1, 'the priority decides');
    await pingsAlone(t, appliance, 1);
  }
  report(t, 'when the link between the nodes is cut, by the other one', cutting);
  report(t, 'when it is healed', healing);
  await agree(t, appliance, phones);
}
