import t, { type Test } from 'tap';
import { DRACHTIO, EMBEDDED, ENGINES, type TestEngine } from '../support/engines.ts';
import { Pair } from '../support/pair.ts';
import { PhoneHalves } from '../support/phone-halves.ts';
import { contradicted, RecordingPhones } from '../support/recording-phones.ts';
import { cseqsOf } from '../support/shown-table.ts';
import { inTest } from '../support/soak.ts';

/** Answers after which the active node is killed, under the load of the engine. */
const KILLED_AFTER = [
  {
    engine: EMBEDDED,
    after: inTest([700, 2500, 4200], { inSoak: Array.from({ length: 20 }, (_, round) => 55_000 + 397 * round) }),
  },
  {
    engine: DRACHTIO,
    after: inTest([700], { inSoak: Array.from({ length: 10 }, (_, round) => 10_000 + 397 * round) }),
  },
];

/** The longest that a reply may wait: a busy machine holds a node up too. */
const CLUSTERER = ['commit_timeout_ms: 499'];

const LATER = inTest(500, { inSoak: 10_000 });

/** A machine that stops a node for longer than a reply may wait has the twin demoted; then nothing was promised, and it is tried again. */
const TRIES = 5;

for (const { engine, after } of KILLED_AFTER) {
  for (const answers of after) {
    t.test(
      `the active node is killed under load after ${String(answers)} answers: the other one shows all that phones were told (${engine.name})`,
      async (t) => {
        const { pair, phones } = await killedInSync(t, engine, answers);
        const told = phones.records();
        t.same(contradicted(told, told, cseqsOf(await pair.table(2))), [], 'right after');
        t.ok(phones.answeredCount >= answers);

        const later = await RecordingPhones.start(t, pair.node(2), { ...engine.load, first: 1_000_000 });
        await pair.restart(1);
        await later.answers(LATER);
        await later.stop();
        t.same(await pair.differences(), [], 'the node that was killed comes back: both show the same');
        const all = [...told, ...later.records()];
        t.same(contradicted(all, all, cseqsOf(await pair.table(1))), [], 'which is what phones were told');
        t.same([...engine.unexpected(phones.refusals), ...later.refusals], []);
      },
    );
  }
}

/** Of the node that serves; how many answers come before each and behind it. */
const KILLS = inTest(4, { inSoak: 40 });

for (const engine of ENGINES) {
  t.test(
    `the phones move to the other node each time theirs is killed, over and over: both show what phones were told (${engine.name})`,
    async (t) => {
      const pair = await Pair.start(t, { engine, clusterer: CLUSTERER });
      const phones = await RecordingPhones.start(t, pair.node(1), engine.load);
      const { perSecond } = engine.load;
      for (let kill = 0; kill < KILLS; kill += 1) {
        const [active, other] = kill % 2 === 0 ? ([1, 2] as const) : ([2, 1] as const);
        await phones.answers(phones.answeredCount + perSecond / 2 + 137 * kill);
        await pair.kill(active);
        phones.moveTo(pair.node(other));
        if (!pair.saidInSync(active)) t.comment(`node ${active} was killed while its twin was demoted`);
        await phones.answers(phones.answeredCount + perSecond / 4);
        await pair.restart(active);
        await pair.inSync();
      }
      await phones.stop();
      t.same(await pair.differences(), []);
      const told = phones.records();
      t.same(contradicted(told, told, cseqsOf(await pair.table(1))), []);
      t.same(engine.unexpected(phones.refusals), []);
    },
  );

  t.test(`the passive node is killed and comes back: both show what phones were told (${engine.name})`, async (t) => {
    const pair = await Pair.start(t, { engine, clusterer: CLUSTERER });
    const phones = await PhoneHalves.start(t, pair.node(1), engine.load);
    const { perSecond } = engine.load;
    await phones.more(perSecond);
    await pair.kill(2);
    await phones.more(perSecond);
    await phones.silence();
    await pair.restart(2);
    await phones.more(perSecond / 2);
    await phones.stop();
    t.same(await pair.differences(), []);
    const told = phones.records();
    t.same(contradicted(told, told, cseqsOf(await pair.table(2))), []);
    t.same(phones.refusals, []);
  });
}

t.test('a node is killed again and again while it catches up: both show what phones were told', async (t) => {
  const pair = await Pair.start(t, { viaRelay: true, clusterer: CLUSTERER });
  const phones = await PhoneHalves.start(t, pair.node(1), { phones: 4000 });
  await phones.more(6000);
  await pair.kill(2);
  await phones.more(2000);
  await phones.silence();
  // So slowly that it is killed in the middle, each time later.
  pair.link.throttle(100_000);
  for (const answers of [100, 300, 600]) {
    await pair.restart(2);
    await phones.more(answers);
    await pair.kill(2);
  }
  pair.link.throttle(Infinity);
  await pair.restart(2);
  await phones.more(1000);
  await phones.stop();
  t.same(await pair.differences(), []);
  const told = phones.records();
  t.same(contradicted(told, told, cseqsOf(await pair.table(2))), []);
  t.same(phones.refusals, []);
});

async function killedInSync(
  t: Test,
  engine: TestEngine,
  answers: number,
): Promise<{ pair: Pair; phones: RecordingPhones }> {
  for (let tries = 1; ; tries += 1) {
    const pair = await Pair.start(t, { engine, clusterer: CLUSTERER });
    const phones = await RecordingPhones.start(t, pair.node(1), engine.load);
    await phones.answers(answers);
    await pair.kill(1);
    await phones.stop();
    if (pair.saidInSync(1) || tries === TRIES) return { pair, phones };
    t.comment('the twin was demoted before the kill; once more');
    await pair.kill(2);
  }
}
