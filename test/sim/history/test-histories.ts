import type { Test } from 'tap';
import { failureReport } from './history-report.ts';
import { generatePlan } from './generate-plan.ts';
import { runPlan } from './run-plan.ts';
import type { Seeds } from './seeds.ts';

/** So many histories are one test. */
const PER_TEST = 250;

/** Of so many failures the first are looked into; then it is enough. */
const REPORTS_MAX = 3;

/** Runs the histories of these seeds; what fails is made short and printed. */
export function testHistories(t: Test, { from, count }: Seeds): void {
  let reports = 0;
  for (let first = from; first < from + count; first += PER_TEST) {
    const last = Math.min(first + PER_TEST, from + count) - 1;
    t.test(`histories ${String(first)} to ${String(last)} keep the promise`, async (t) => {
      for (const seed of seeds(first, last)) {
        if (reports >= REPORTS_MAX) break;
        const outcome = runPlan(generatePlan(seed));
        if (outcome.fault === undefined) continue;
        reports++;
        console.log(failureReport(seed, outcome));
        t.fail(`history ${String(seed)}: ${outcome.fault}`);
      }
      t.equal(reports, 0, 'no history broke it');
    });
  }
}

function* seeds(first: number, last: number): Generator<number> {
  for (let seed = first; seed <= last; seed++) yield seed;
}
