import t from 'tap';
import { DRACHTIO, EMBEDDED } from '../support/engines.ts';
import { Pair, type NodeId } from '../support/pair.ts';
import { PhoneHalves } from '../support/phone-halves.ts';
import { contradicted } from '../support/recording-phones.ts';
import { cseqsOf } from '../support/shown-table.ts';
import { inTest } from '../support/soak.ts';

/** Answers of the other node while one hangs, under the load of the engine: until the link is given up, or not so long. */
const HANGS_FOR = [
  {
    engine: EMBEDDED,
    answers: inTest([500, 3000, 9000], { inSoak: Array.from({ length: 20 }, (_, round) => 500 + 2900 * round) }),
  },
  {
    engine: DRACHTIO,
    answers: inTest([1500], { inSoak: Array.from({ length: 10 }, (_, round) => 150 + 700 * round) }),
  },
];

/** Seconds of load. */
const BEFORE_S = inTest(1, { inSoak: 10 });
const AFTER_S = 0.5;
const MOVES_AFTER_MS = 200;

/** Heartbeats that go unanswered end the link within about two seconds. */
const CLUSTERER = ['ping_interval: 1', 'ping_timeout: 500'];

const hung = HANGS_FOR.flatMap(({ engine, answers }) => answers.map((count) => ({ engine, count })));

for (const { engine, count } of hung) {
  t.test(
    `the active node hangs while the other one gives ${String(count)} answers, then goes on: both show what phones were told (${engine.name})`,
    async (t) => {
      const pair = await Pair.start(t, { engine, clusterer: CLUSTERER });
      const phones = await PhoneHalves.start(t, pair.node(1), engine.load);
      const { perSecond } = engine.load;
      await phones.more(BEFORE_S * perSecond);
      hang(pair, 1);
      // What is sent until the address has moved waits in the sockets of the node that hangs.
      await new Promise((resolve) => setTimeout(resolve, MOVES_AFTER_MS));
      phones.moveTo(pair.node(2));
      await phones.more(count);
      await phones.silence();
      goOn(pair, 1);
      await phones.more(AFTER_S * perSecond);
      await phones.stop();

      t.same(await pair.differences(), []);
      const told = phones.records();
      t.same(contradicted(told, told, cseqsOf(await pair.table(1))), []);
      t.same(engine.unexpected(phones.refusals), []);
    },
  );

  t.test(
    `the passive node hangs while the active one gives ${String(count)} answers, then goes on: both show what phones were told (${engine.name})`,
    async (t) => {
      const pair = await Pair.start(t, { engine, clusterer: CLUSTERER });
      const phones = await PhoneHalves.start(t, pair.node(1), engine.load);
      const { perSecond } = engine.load;
      await phones.more(BEFORE_S * perSecond);
      hang(pair, 2);
      await phones.more(count);
      await phones.silence();
      goOn(pair, 2);
      await phones.more(AFTER_S * perSecond);
      await phones.stop();

      t.same(await pair.differences(), []);
      const told = phones.records();
      t.same(contradicted(told, told, cseqsOf(await pair.table(2))), []);
      t.same(phones.refusals, []);
    },
  );
}

/** With its server, as a machine does. */
function hang(pair: Pair, nodeId: NodeId): void {
  pair.freeze(nodeId);
  pair.node(nodeId).server?.hang();
}

function goOn(pair: Pair, nodeId: NodeId): void {
  pair.node(nodeId).server?.resume();
  pair.thaw(nodeId);
}
