import t from 'tap';
import { Pair } from '../support/pair.ts';
import { PhoneHalves } from '../support/phone-halves.ts';
import { contradicted } from '../support/recording-phones.ts';
import { cseqsOf } from '../support/shown-table.ts';
import { inTest } from '../support/soak.ts';

/** Answers of the other node while one hangs, at 2000 a second: until the link is given up, or not so long. */
const HANGS_FOR = inTest([500, 3000, 9000], { inSoak: Array.from({ length: 20 }, (_, round) => 500 + 2900 * round) });

const BEFORE = inTest(2000, { inSoak: 20_000 });
const AFTER = 1000;
const MOVES_AFTER_MS = 200;

/** Heartbeats that go unanswered end the link within about two seconds. */
const CLUSTERER = ['ping_interval: 1', 'ping_timeout: 500'];

for (const answers of HANGS_FOR) {
  t.test(
    `the active node hangs while the other one gives ${String(answers)} answers, then goes on: both show what phones were told`,
    async (t) => {
      const pair = await Pair.start(t, { clusterer: CLUSTERER });
      const phones = await PhoneHalves.start(t, pair.node(1));
      await phones.more(BEFORE);
      pair.freeze(1);
      // What is sent until the address has moved waits in the sockets of the node that hangs.
      await new Promise((resolve) => setTimeout(resolve, MOVES_AFTER_MS));
      phones.moveTo(pair.node(2));
      await phones.more(answers);
      await phones.silence();
      pair.thaw(1);
      await phones.more(AFTER);
      await phones.stop();

      t.same(await pair.differences(), []);
      const told = phones.records();
      t.same(contradicted(told, told, cseqsOf(await pair.table(1))), []);
      t.same(phones.refusals, []);
    },
  );
}

for (const answers of HANGS_FOR) {
  t.test(
    `the passive node hangs while the active one gives ${String(answers)} answers, then goes on: both show what phones were told`,
    async (t) => {
      const pair = await Pair.start(t, { clusterer: CLUSTERER });
      const phones = await PhoneHalves.start(t, pair.node(1));
      await phones.more(BEFORE);
      pair.freeze(2);
      await phones.more(answers);
      await phones.silence();
      pair.thaw(2);
      await phones.more(AFTER);
      await phones.stop();

      t.same(await pair.differences(), []);
      const told = phones.records();
      t.same(contradicted(told, told, cseqsOf(await pair.table(2))), []);
      t.same(phones.refusals, []);
    },
  );
}
