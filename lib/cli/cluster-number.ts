import { CLUSTER_ID_MAX, NODE_ID_MAX, PING_RETRIES_MAX } from '../core/node-bounds.ts';
import { UsageError } from './usage-error.ts';

export function nodeIdArgument(text: string): number {
  return numberIn(text, 'NODE_ID', 1, NODE_ID_MAX);
}

/** @param usual where the option is not given. */
export function clusterIdOption(text: string | undefined, usual: number): number {
  return text === undefined ? usual : numberIn(text, '--cluster', 1, CLUSTER_ID_MAX);
}

/** @param usual where the option is not given. */
export function retriesOption(text: string | undefined, usual: number): number {
  return text === undefined ? usual : numberIn(text, '--retries', 0, PING_RETRIES_MAX);
}

function numberIn(text: string, name: string, least: number, most: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`${name}: expected a whole number from ${least} to ${most}, found '${text}'`);
}
