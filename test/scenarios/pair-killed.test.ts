import t, { type Test } from 'tap';
import { Pair } from '../support/pair.ts';
import { PhoneHalves } from '../support/phone-halves.ts';
import { contradicted, RecordingPhones } from '../support/recording-phones.ts';
import { cseqsOf } from '../support/shown-table.ts';
import { inTest } from '../support/soak.ts';

/** Answers after which the active node is killed, at 2000 a second. */
const KILLED_AFTER = inTest([700, 2500, 4200], {
  inSoak: Array.from({ length: 20 }, (_, round) => 55_000 + 397 * round),
});

/** The longest that a reply may wait: a busy machine holds a node up too. */
const CLUSTERER = ['commit_timeout_ms: 499'];

const LATER = inTest(1000, { inSoak: 10_000 });

/** A machine that stops a node for longer than a reply may wait has the twin demoted; then nothing was promised, and it is tried again. */
const TRIES = 5;

for (const answers of KILLED_AFTER) {
  t.test(
    `the active node is killed after ${String(answers)} answers at 2000/s: the other one shows all that phones were told`,
    async (t) => {
      const { pair, phones } = await killedInSync(t, answers);
      const told = phones.records();
      t.same(contradicted(told, told, cseqsOf(await pair.table(2))), [], 'right after');
      t.ok(phones.answeredCount >= answers);

      const later = await RecordingPhones.start(t, pair.node(2), { first: 1_000_000 });
      await pair.restart(1);
      await later.answers(LATER);
      await later.stop();
      t.same(await pair.differences(), [], 'the node that was killed comes back: both show the same');
      const all = [...told, ...later.records()];
      t.same(contradicted(all, all, cseqsOf(await pair.table(1))), [], 'which is what phones were told');
      t.same([...phones.refusals, ...later.refusals], []);
    },
  );
}

const KILLS = inTest(4, { inSoak: 40 });

t.test(
  'the phones move to the other node each time theirs is killed, over and over: both show what phones were told',
  async (t) => {
    const pair = await Pair.start(t, { clusterer: CLUSTERER });
    const phones = await RecordingPhones.start(t, pair.node(1));
    for (let kill = 0; kill < KILLS; kill += 1) {
      const [active, other] = kill % 2 === 0 ? ([1, 2] as const) : ([2, 1] as const);
      await phones.answers(phones.answeredCount + 1000 + 137 * kill);
      await pair.kill(active);
      phones.moveTo(pair.node(other));
      if (!pair.saidInSync(active)) t.comment(`node ${active} was killed while its twin was demoted`);
      await phones.answers(phones.answeredCount + 500);
      await pair.restart(active);
      await pair.inSync();
    }
    await phones.stop();
    t.same(await pair.differences(), []);
    const told = phones.records();
    t.same(contradicted(told, told, cseqsOf(await pair.table(1))), []);
    t.same(phones.refusals, []);
  },
);

t.test('the passive node is killed and comes back: both show what phones were told', async (t) => {
  const pair = await Pair.start(t, { clusterer: CLUSTERER });
  const phones = await PhoneHalves.start(t, pair.node(1));
  await phones.more(2000);
  await pair.kill(2);
  await phones.more(2000);
  await phones.silence();
  await pair.restart(2);
  await phones.more(1000);
  await phones.stop();
  t.same(await pair.differences(), []);
  const told = phones.records();
  t.same(contradicted(told, told, cseqsOf(await pair.table(2))), []);
  t.same(phones.refusals, []);
});

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

async function killedInSync(t: Test, answers: number): Promise<{ pair: Pair; phones: RecordingPhones }> {
  for (let tries = 1; ; tries += 1) {
    const pair = await Pair.start(t, { clusterer: CLUSTERER });
    const phones = await RecordingPhones.start(t, pair.node(1));
    await phones.answers(answers);
    await pair.kill(1);
    await phones.stop();
    if (pair.saidInSync(1) || tries === TRIES) return { pair, phones };
    t.comment('the twin was demoted before the kill; once more');
    await pair.kill(2);
  }
}
