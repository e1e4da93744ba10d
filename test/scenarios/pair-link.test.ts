import t, { type Test } from 'tap';
import { DRACHTIO, EMBEDDED, type TestEngine } from '../support/engines.ts';
import { Pair } from '../support/pair.ts';
import type { PairLink } from '../support/pair-link.ts';
import { PhoneHalves } from '../support/phone-halves.ts';
import { contradicted, type RecordingOptions } from '../support/recording-phones.ts';
import { cseqsOf } from '../support/shown-table.ts';
import { inTest } from '../support/soak.ts';

/** Answers of the active node during a fault: from less than a reply waits to until the link is given up. */
const FAULT_LASTS = inTest([300, 2500, 8000], { inSoak: Array.from({ length: 20 }, (_, round) => 300 + 2900 * round) });

/** The same where only one direction fails. */
const HALF_FAULT_LASTS = inTest([4000], { inSoak: FAULT_LASTS });

/** Behind a drachtio-server, under its load. */
const SERVER_FAULT_LASTS = inTest([1500], { inSoak: Array.from({ length: 10 }, (_, round) => 75 + 725 * round) });

/** Seconds of load before the fault, and half as many behind it. */
const AROUND_S = inTest(0.75, { inSoak: 7.5 });

const LAST_CUT = 200;

/** Heartbeats that go unanswered end the link within about two seconds. */
const CLUSTERER = ['ping_interval: 1', 'ping_timeout: 500'];

interface Fault {
  readonly name: string;
  readonly lasts: readonly number[];
  readonly begin: (link: PairLink) => unknown;
  readonly end: (link: PairLink) => unknown;
}

const FAULTS: readonly Fault[] = [
  { name: 'freezes', lasts: FAULT_LASTS, begin: (link) => link.freeze(), end: (link) => link.thaw() },
  {
    name: 'carries nothing from the active node',
    lasts: HALF_FAULT_LASTS,
    begin: (link) => link.freeze(1),
    end: (link) => link.thaw(),
  },
  {
    name: 'carries nothing to the active node',
    lasts: HALF_FAULT_LASTS,
    begin: (link) => link.freeze(2),
    end: (link) => link.thaw(),
  },
  { name: 'is cut', lasts: FAULT_LASTS, begin: (link) => link.cut(), end: (link) => link.mend() },
];

for (const { name, lasts, begin, end } of FAULTS) {
  const cases = [
    ...lasts.map((answers) => ({ engine: EMBEDDED, answers })),
    ...SERVER_FAULT_LASTS.map((answers) => ({ engine: DRACHTIO, answers })),
  ];
  for (const { engine, answers } of cases) {
    t.test(
      `the link ${name} for ${String(answers)} answers: both show what phones were told (${engine.name})`,
      async (t) => {
        const { pair, phones } = await underLoad(t, engine);
        await begin(pair.link);
        await phones.more(answers);
        await phones.silence();
        await end(pair.link);
        await phones.more((AROUND_S / 2) * engine.load.perSecond);
        await agree(t, pair, phones);
      },
    );
  }
}

t.test('the link is cut and mended over and over: both show what phones were told', async (t) => {
  const { pair, phones } = await underLoad(t, EMBEDDED);
  for (const answers of [10, 100, 400, 50, 1000, LAST_CUT]) {
    await pair.link.cut();
    await phones.more(answers);
    if (answers === LAST_CUT) await phones.silence();
    await pair.link.mend();
    await phones.more(2 * answers);
  }
  await agree(t, pair, phones);
});

t.test('a link that is slow and far delays answers, and loses none', async (t) => {
  const { pair, phones } = await underLoad(t, EMBEDDED, { perSecond: 500, phones: 1000 });
  pair.link.delay(40);
  pair.link.throttle(1_000_000);
  await phones.more(AROUND_S * EMBEDDED.load.perSecond);
  pair.link.delay(0);
  pair.link.throttle(Infinity);
  await agree(t, pair, phones);
});

async function underLoad(
  t: Test,
  engine: TestEngine,
  load: Required<Pick<RecordingOptions, 'perSecond' | 'phones'>> = engine.load,
): Promise<{ pair: Pair; phones: PhoneHalves }> {
  const pair = await Pair.start(t, { engine, viaRelay: true, clusterer: CLUSTERER });
  const phones = await PhoneHalves.start(t, pair.node(1), load);
  await phones.more(AROUND_S * engine.load.perSecond);
  return { pair, phones };
}

async function agree(t: Test, pair: Pair, phones: PhoneHalves): Promise<void> {
  await phones.stop();
  t.same(await pair.differences(), []);
  const told = phones.records();
  t.same(contradicted(told, told, cseqsOf(await pair.table(2))), []);
  t.same(phones.refusals, []);
}
