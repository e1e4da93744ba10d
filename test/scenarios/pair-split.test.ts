import t, { type Test } from 'tap';
import { DRACHTIO, EMBEDDED, ENGINES } from '../support/engines.ts';
import { Pair, type NodeId } from '../support/pair.ts';
import { PhoneHalves } from '../support/phone-halves.ts';
import { contradicted } from '../support/recording-phones.ts';
import { cseqsOf } from '../support/shown-table.ts';
import { inTest } from '../support/soak.ts';

/** Answers of each node while neither hears the other. */
const SPLIT_LASTS = [
  {
    engine: EMBEDDED,
    lasts: inTest([300, 1500, 4000], { inSoak: Array.from({ length: 20 }, (_, round) => 300 + 1450 * round) }),
  },
  { engine: DRACHTIO, lasts: inTest([750], { inSoak: Array.from({ length: 10 }, (_, round) => 75 + 350 * round) }) },
];

/** Seconds of load. */
const AROUND_S = inTest(1, { inSoak: 8 });

const CLUSTERER = ['ping_interval: 1', 'ping_timeout: 500'];

for (const { engine, lasts } of SPLIT_LASTS) {
  const load = { perSecond: engine.load.perSecond / 2, phones: engine.load.phones / 2 };
  for (const answers of lasts) {
    t.test(
      `both nodes serve while the link is cut, ${String(answers)} answers each: healed, both show all (${engine.name})`,
      async (t) => {
        const pair = await Pair.start(t, { engine, viaRelay: true, clusterer: CLUSTERER });
        const groups = [
          await PhoneHalves.start(t, pair.node(1), load),
          await PhoneHalves.start(t, pair.node(2), { ...load, first: load.phones }),
        ];
        const later = (count: number) => Promise.all(groups.map((group) => group.more(count)));
        await later(AROUND_S * load.perSecond);
        await pair.link.cut();
        await later(answers);
        await pair.link.mend();
        await later(AROUND_S * load.perSecond);
        for (const group of groups) await group.stop();

        t.same(await pair.differences(), []);
        const told = groups.flatMap((group) => group.records());
        t.same(contradicted(told, told, cseqsOf(await pair.table(1))), []);
        t.same(
          groups.flatMap(({ refusals }) => refusals),
          [],
        );
      },
    );
  }
}

const ALICE = 'sip:alice@example.com';
const DESK = '<sip:alice@192.0.2.1:5060>';
const MOBILE = '<sip:alice@192.0.2.2:5060>';

/** How a binding goes, and what of the two contacts that each node had before is left. */
const REMOVALS: readonly {
  readonly name: string;
  readonly left: readonly string[];
  readonly remove: (t: Test, pair: Pair, nodeId: NodeId) => Promise<unknown>;
}[] = [
  {
    name: 'one contact is unregistered',
    left: [MOBILE],
    remove: async (t, pair, nodeId) => {
      const phone = await pair.node(nodeId).phone(t);
      const { status } = await phone.register({
        aor: ALICE,
        contacts: [`${DESK};expires=0`],
        callId: 'desk',
        cseq: 10 * nodeId + 5,
      });
      t.equal(status, 200);
    },
  },
  {
    name: 'all contacts are unregistered by *',
    left: [],
    remove: async (t, pair, nodeId) => {
      const phone = await pair.node(nodeId).phone(t);
      const { status } = await phone.register({
        aor: ALICE,
        contacts: ['*'],
        expires: 0,
        callId: 'desk',
        cseq: 10 * nodeId + 5,
      });
      t.equal(status, 200);
    },
  },
  {
    name: 'the AoR is removed by ul_rm',
    left: [],
    remove: async (t, pair, nodeId) =>
      t.equal(await pair.node(nodeId).mi('ul_rm', { table_name: 'location', aor: 'alice@example.com' }), 'OK'),
  },
];

/** Behind a drachtio-server the removals are the subject, not what is wrong with the link. */
const FAULTS = [
  { engine: EMBEDDED, fault: 'is cut' },
  { engine: EMBEDDED, fault: 'is frozen' },
  { engine: DRACHTIO, fault: 'is cut' },
] as const;

for (const { name, left, remove } of REMOVALS) {
  for (const { engine, fault } of FAULTS) {
    t.test(
      `${name} at either node while the link ${fault}: healed, neither node has what was removed (${engine.name})`,
      async (t) => {
        const pair = await Pair.start(t, { engine, viaRelay: true, clusterer: CLUSTERER });
        for (const nodeId of [1, 2] as const) {
          await registerBoth(t, pair, nodeId);
          await pair.quiet();
          await (fault === 'is cut' ? pair.link.cut() : pair.link.freeze());
          await remove(t, pair, nodeId);
          t.same(await contactsAt(pair, nodeId), left);
          t.same(await contactsAt(pair, nodeId === 1 ? 2 : 1), [DESK, MOBILE], 'the other one does not know yet');
          await (fault === 'is cut' ? pair.link.mend() : pair.link.thaw());
          t.same(await pair.differences(), []);
          t.same(await contactsAt(pair, nodeId), left);
        }
      },
    );
  }
}

for (const engine of ENGINES) {
  t.test(
    `what was unregistered during a cut stays away although the other node restarts with its old file (${engine.name})`,
    async (t) => {
      const pair = await Pair.start(t, { engine, viaRelay: true, clusterer: CLUSTERER });
      await registerBoth(t, pair, 1);
      await pair.quiet();
      await pair.node(2).mi('ul_flush');
      await pair.link.cut();
      await REMOVALS[1]!.remove(t, pair, 1);
      await pair.kill(2);
      await pair.restart(2);
      t.same(await contactsAt(pair, 2), [DESK, MOBILE], 'it still has its file');
      await pair.link.mend();
      t.same(await pair.differences(), []);
      t.same(await contactsAt(pair, 2), []);
    },
  );
}

/** Two phones of Alice, each with a Call-ID of its own. */
async function registerBoth(t: Test, pair: Pair, nodeId: NodeId): Promise<void> {
  const phone = await pair.node(nodeId).phone(t);
  for (const [callId, contact] of [['desk', DESK] as const, ['mobile', MOBILE] as const]) {
    const cseq = 10 * nodeId;
    const { status } = await phone.register({ aor: ALICE, contacts: [contact], expires: 3600, callId, cseq });
    t.equal(status, 200);
  }
}

async function contactsAt(pair: Pair, nodeId: NodeId): Promise<string[]> {
  const contacts = await pair.node(nodeId).contactsOf('alice@example.com');
  return contacts.map(({ Contact }) => `<${Contact}>`).sort();
}
