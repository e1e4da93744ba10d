/* The second half of the random histories, so that two processes can run them; `random-histories.test.ts` says what they are. */
import t from 'tap';
import { replayedSeed, seedsOfHalf } from './history/seeds.ts';
import { testHistories } from './history/test-histories.ts';

t.test('random histories, the second half', async (t) => {
  if (replayedSeed() === undefined) testHistories(t, seedsOfHalf(1));
  else t.pass('one history is replayed by the first half');
});
