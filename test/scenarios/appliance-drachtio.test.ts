import t, { type Test } from 'tap';
import { FAULTS, PINGED_OFTEN, ROUNDS, strikeAll, type Fault } from '../support/appliance-faults.ts';
import { Appliance } from '../support/appliance.ts';
import { applianceSkip } from '../support/appliance-network.ts';
import { DRACHTIO } from '../support/engines.ts';
import { agree, pingsAlone, report, startPhones, takeover, type FailoverTimes } from '../support/failover.ts';
import type { NamespacedPhones } from '../support/namespaced-phones.ts';
import type { NodeId } from '../support/pair.ts';
import { inTest } from '../support/soak.ts';

/** Of keepalived.conf; two checks in a row have to fail. */
const CHECK_INTERVAL_MS = 1000;

/** What else may happen to a node that is behind a drachtio-server. */
const SERVER_FAULTS: readonly Fault[] = [
  {
    name: 'its drachtio-server is killed',
    strike: (appliance, active) => appliance.drachtio(active).kill(),
    mend: (appliance, node) => appliance.drachtio(node).start(),
  },
  {
    name: 'its drachtio-server hangs',
    strike: (appliance, active) => appliance.drachtio(active).hang(),
    mend: (appliance, node) => appliance.drachtio(node).resume(),
  },
  {
    name: 'its daemon and its drachtio-server are killed',
    strike: (appliance, active) => Promise.all([appliance.drachtio(active).kill(), appliance.daemon(active).kill()]),
    mend: async (appliance, node) => {
      await appliance.drachtio(node).start();
      await appliance.startDaemon(node);
    },
  },
];

const options = { skip: applianceSkip(), timeout: inTest(240_000, { inSoak: 3_600_000 }) };

t.test(`behind a ${DRACHTIO.name} the other node takes over from the active one`, options, async (t) => {
  const appliance = await Appliance.start(t, { engine: DRACHTIO, config: PINGED_OFTEN });
  const phones = await startPhones(t, appliance);
  await strikeAll(t, appliance, phones, [...FAULTS, ...SERVER_FAULTS]);
  await restarts(t, appliance, phones);
  await agree(t, appliance, phones);
});

/** The drachtio-server of the active node crashes, and its supervisor starts it again at once. */
async function restarts(t: Test, appliance: Appliance, phones: NamespacedPhones): Promise<void> {
  const times: FailoverTimes[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const active = await appliance.settled();
    await t.test(`the drachtio-server of node ${active} is killed, and started again`, async (t) => {
      const server = appliance.drachtio(active);
      await phones.more(100);
      await server.kill();
      const killedAtMs = Date.now();
      await server.start();
      times.push(await takeover(appliance, active, killedAtMs));
      await phones.more(100);
      const winner = await appliance.settled();
      const awayMs = serverAwayMs(appliance, active);
      t.ok(awayMs >= 0, 'its daemon has logged for how long it was away');
      if (awayMs < CHECK_INTERVAL_MS) t.equal(winner, active, 'the address stays where it is');
      else t.comment(`the server was away for ${awayMs} ms: two checks may have failed`);
      await pingsAlone(t, appliance, winner);
    });
  }
  report(t, 'when its drachtio-server is killed, and started again', times);
}

/** For how long a daemon was without its server the last time, by its log. */
function serverAwayMs(appliance: Appliance, node: NodeId): number {
  const lastAtMs = (start: string) =>
    Date.parse(String(appliance.daemon(node).log.findLast(({ msg }) => msg.startsWith(start))?.['time']));
  return lastAtMs('drachtio-server is connected') - lastAtMs('drachtio-server is lost');
}
