import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Dispatcher } from '../serving/dispatcher.ts';
import type { EngineStatistics } from '../serving/engine-statistics.ts';
import type { FlushQueue } from '../serving/flush-queue.ts';
import type { OccasionalLog } from '../serving/occasional-log.ts';
import type { StallGuard } from '../serving/stall-guard.ts';

/** What every listener and connection of an engine shares. */
export interface EngineContext {
  readonly dispatcher: Dispatcher;
  readonly statistics: EngineStatistics;
  readonly flushQueue: FlushQueue;
  readonly stallGuard: StallGuard;
  readonly clock: Clock;
  readonly log: Log;
  readonly occasionalLog: OccasionalLog;
}

/**
 * A defect of this program that something from the wire brought to light. Here is the boundary: one sender must not be
 * able to end the service for all others, so the message is lost, and it is counted and logged with its stack.
 */
export function reportDefect(context: EngineContext, error: unknown): void {
  context.statistics.engineErrors += 1;
  context.occasionalLog.error({ err: error }, 'defect while handling what arrived');
}
