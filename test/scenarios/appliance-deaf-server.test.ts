import t, { type Test } from 'tap';
import { Appliance } from '../support/appliance.ts';
import { applianceSkip } from '../support/appliance-network.ts';
import { DRACHTIO } from '../support/engines.ts';
import type { NodeId } from '../support/pair.ts';
import { until } from '../support/until.ts';

const OTHER_PORT = 5070;

/** The drachtio-server of a node is restarted with a contact that has another port. @returns what puts the right one in its place */
async function deafen(t: Test, appliance: Appliance, nodeId: NodeId): Promise<() => Promise<void>> {
  const right = appliance.drachtio(nodeId);
  const { within } = appliance.host(nodeId);
  await right.kill();
  const wrong = await DRACHTIO.serverAt(t, appliance.server.address, OTHER_PORT, within);
  if (wrong === undefined) throw new Error('the daemons open their sockets themselves');
  // Of an earlier time the test knows it already.
  await wrong.restart();
  await until(async () => (await appliance.daemon(nodeId).status()).unready.includes('contacts'));
  return async () => {
    await wrong.kill();
    await right.start();
    await appliance.settled();
  };
}

t.test(`a ${DRACHTIO.name} that listens at another port`, { skip: applianceSkip() }, async (t) => {
  const appliance = await Appliance.start(t, { engine: DRACHTIO });

  t.test('is handed no address', async (t) => {
    const mend = await deafen(t, appliance, 2);
    const check = () => appliance.daemon(1).twinreg('handover', '--check');
    await until(async () => (await check()).code === 1);
    t.match(await check(), {
      out: '',
      err: /^twinreg: node 2 says that it would not serve phones, or get no address; /,
    });
    t.ok(appliance.hasAddress(1));
    await mend();
    await until(async () => (await check()).code === 0);
  });

  t.test('has the address moved away from its node', async (t) => {
    const mend = await deafen(t, appliance, 1);
    await until(() => appliance.hasAddress(2));
    t.notOk(appliance.hasAddress(1));
    await until(async () => (await appliance.daemon(2).status()).role.active);
    await mend();
  });
});
