import type { Log } from '../../lib/core/log.ts';

/** For tests in which nothing is said about the log. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
