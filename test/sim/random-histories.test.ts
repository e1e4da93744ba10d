/*
 * One seed is one history of two nodes: what phones and operators ask for, what breaks and when, down to how the octets of
 * the link come apart. The nodes are the daemon's own parts (table, registrar, replication machine, upkeep, role, stall guard),
 * each process with a clock, a disk and a network that the history owns, so that a seed gives the same history on every machine.
 *
 * `history/generate-plan.ts` makes the seed into a *plan*, a list of events with all that is particular about them, of kinds
 * that each history weighs anew (and leaves out some, so that the others meet). `world/sim-world.ts` carries it out. `oracle/oracle.ts` looks
 * on: it knows nothing of merging, only who was answered what and when, which process lived, and which flush was durable. From that
 * follows what each node must hold and may show at any moment:
 *
 * - an answer in sync: the twin's process holds what the answer vouches for, at that very moment, and the answer shows the AoR as it
 *   was right after the decision;
 * - a node that comes in sync: the twin holds all that it holds;
 * - what a node shows of a contact is the outcome of an operation that nothing which it certainly holds came after. "After" is: the node
 *   that carried out the later one held the earlier one; or by the clocks, as exactly as the rules promise (P3);
 * - a request is carried out whole, or not at all; a late copy that is known to be one, not at all;
 * - clocks of nodes in sync agree, exactly one node judges lost pings, no reply waits longer than `commit_timeout_ms`;
 * - when everything has healed, both nodes come in sync, and both show the same.
 *
 * A history that fails is made shorter, event by event, and printed as it was planned and as it went.
 * `TWINREG_SEED=17` replays one. `npm run soak` runs very many, from a seed that it draws and prints (`TWINREG_FROM` sets it).
 */
import t from 'tap';
import { inTest } from '../support/soak.ts';
import { failureReport, wholeReport } from './history/history-report.ts';
import { generatePlan } from './history/generate-plan.ts';
import { runPlan } from './history/run-plan.ts';
import { replayedSeed, seedsOfHalf } from './history/seeds.ts';
import { testHistories } from './history/test-histories.ts';

const seed = replayedSeed();

/** What 150 histories must tell of, so often at least: one in which nothing happens proves nothing. */
const OCCURRENCES: readonly (readonly [string, number])[] = [
  ['is in sync', 500],
  ['is out of sync', 500],
  ['-> 200', 1000],
  ['-> 200 (alone)', 300],
  ['arrives again', 100],
  ['takes over the twin', 100],
  ['crashes', 100],
  ['reconciled', 500],
  ['forgets', 20],
  ['log-overrun', 1],
  ['to lagging', 50],
  ['judges it gone', 10],
  ['hides it here', 5],
  ['its disk stalls', 30],
  ['stands still', 50],
  ['ul_', 100],
];

if (seed === undefined) {
  t.test('random histories, the first half', async (t) => {
    testHistories(t, seedsOfHalf(0));
  });

  t.test('the same seed is the same history', async (t) => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const [once, again] = [runPlan(generatePlan(seed), true), runPlan(generatePlan(seed), true)];
      t.same(again, once);
    }
  });

  t.test('histories hold what they are made for', async (t) => {
    const seeds = Array.from({ length: inTest(150, { inSoak: 1000 }) }, (_, index) => index + 1);
    const lines = seeds.flatMap((seed) => runPlan(generatePlan(seed), true).trace);
    for (const [what, least] of OCCURRENCES) {
      const count = lines.filter((line) => line.includes(what)).length;
      t.ok(count >= least, `${what}: ${String(count)}`);
    }
  });
} else {
  t.test(`history ${String(seed)} keeps the promise`, async (t) => {
    const outcome = runPlan(generatePlan(seed));
    console.log(outcome.fault === undefined ? wholeReport(seed) : failureReport(seed, outcome));
    t.equal(outcome.fault, undefined);
  });
}
