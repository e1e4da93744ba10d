import { SimWorld } from '../world/sim-world.ts';
import type { Plan } from './plan.ts';

/** What became of a history. */
export interface Outcome {
  /** What broke the promise, or stopped a process; undefined: nothing. */
  readonly fault: string | undefined;
  readonly trace: readonly string[];
  /** Comparisons that were made. */
  readonly checks: number;
}

/** Runs a history from its plan; the same plan always comes to the same. */
export function runPlan(plan: Plan, isTraced = false): Outcome {
  const world = new SimWorld(plan, isTraced);
  const fault = faultOf(() => world.run(), isTraced);
  return { fault, trace: world.trace.lines, checks: world.oracle.checks };
}

function faultOf(run: () => void, isTraced: boolean): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isExpected = error.name === 'Violation';
    return isExpected ? error.message : `${error.name}: ${error.message}${isTraced ? `\n${error.stack ?? ''}` : ''}`;
  }
}
