import t, { type Test } from 'tap';
import { FAULTS, PINGED_OFTEN, strikeAll, type Fault } from '../support/appliance-faults.ts';
import { Appliance } from '../support/appliance.ts';
import { applianceSkip } from '../support/appliance-network.ts';
import { agree, startPhones } from '../support/failover.ts';
import { inTest } from '../support/soak.ts';

const options = { skip: applianceSkip(), timeout: inTest(240_000, { inSoak: 3_600_000 }) };

t.test('the other node takes over from the active one', options, (t) =>
  failovers(t, { faults: FAULTS, bindsAnyAddress: true }),
);

t.test('and also where the kernel lets a node bind only addresses that it has', options, (t) => {
  const faults = FAULTS.filter(({ name }) => /killed|link/.test(name));
  return failovers(t, { faults, bindsAnyAddress: false });
});

interface Plan {
  readonly faults: readonly Fault[];
  readonly bindsAnyAddress: boolean;
}

async function failovers(t: Test, { faults, bindsAnyAddress }: Plan): Promise<void> {
  const appliance = await Appliance.start(t, { config: PINGED_OFTEN, bindsAnyAddress });
  const phones = await startPhones(t, appliance);
  await strikeAll(t, appliance, phones, faults);
  await agree(t, appliance, phones);
}
