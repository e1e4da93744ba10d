import { tokensOf } from './token-list.ts';

/** usrloc's number of each method, for the `methods` of a binding. */
const METHOD_BITS: ReadonlyMap<string, number> = new Map([
  ['INVITE', 1],
  ['CANCEL', 2],
  ['ACK', 4],
  ['BYE', 8],
  ['INFO', 16],
  ['OPTIONS', 32],
  ['UPDATE', 64],
  ['REGISTER', 128],
  ['MESSAGE', 256],
  ['SUBSCRIBE', 512],
  ['NOTIFY', 1024],
  ['PRACK', 2048],
  ['REFER', 4096],
  ['PUBLISH', 8192],
]);

/** Methods that exist: a request with another one gets 501, one that is known but not served 405. They have case. */
export const KNOWN_METHODS: ReadonlySet<string> = new Set(METHOD_BITS.keys());

/** usrloc's bitmask of comma-separated methods (Contact's `methods`, Allow); unknown ones count nothing. */
export function methodsBitmask(text: string): number {
  let mask = 0;
  for (const method of tokensOf([text])) mask |= METHOD_BITS.get(method) ?? 0;
  return mask;
}
