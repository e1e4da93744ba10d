import { generatePlan } from './generate-plan.ts';
import type { Plan } from './plan.ts';
import { runPlan, type Outcome } from './run-plan.ts';
import { PlanShrinker } from './shrink-plan.ts';

/** How to see a history again. */
function replayCommand(seed: number): string {
  return `TWINREG_SEED=${String(seed)} scripts/node test/sim/random-histories.test.ts`;
}

/** What somebody needs who has to find out why this seed fails: the shortest history that does, as it was planned and as it went. */
export function failureReport(seed: number, { fault }: Outcome): string {
  const plan = generatePlan(seed);
  const shortest = new PlanShrinker((shorter) => runPlan(shorter).fault !== undefined).shrink(plan);
  const outcome = runPlan(shortest, true);
  return [
    `history ${String(seed)}: ${fault ?? 'nothing is wrong'}`,
    `again: ${replayCommand(seed)}`,
    `the shortest that fails has ${String(shortest.events.length)} of ${String(plan.events.length)} events:`,
    ...planLines(shortest),
    'how it goes:',
    ...outcome.trace,
    `  => ${outcome.fault ?? 'nothing is wrong'}`,
  ].join('\n');
}

/** A history from beginning to end. */
export function wholeReport(seed: number): string {
  const plan = generatePlan(seed);
  const { trace } = runPlan(plan, true);
  return [`history ${String(seed)}:`, ...planLines(plan), 'how it goes:', ...trace].join('\n');
}

function planLines({ climate, events }: Plan): string[] {
  const lines = events.map(
    ({ id, atMs, event }) => `  ${(atMs / 1000).toFixed(3).padStart(9)} #${String(id)} ${factsText(event)}`,
  );
  return [`  ${factsText(climate)}`, ...lines];
}

/** `kind cut, forMs 200, …` */
function factsText(facts: object): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
}
