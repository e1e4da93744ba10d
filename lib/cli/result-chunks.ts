import type { Clock } from '../core/clock.ts';
import { escapedJson } from './json-line.ts';
import { replyChunks, resultOf, type Params } from './mi-client.ts';

/** How the daemon's reply to request 1 begins and ends around its result. */
const HEAD = Buffer.from('{"jsonrpc":"2.0","result":');
const TAIL = Buffer.from(',"id":1}');

/**
 * The JSON text of a command's result as it arrives, for results that are too large to be held. Its end is held back
 * until more comes, since the end of the reply is no part of it.
 * @throws MiRefusal when the reply is an error
 */
export async function* resultChunks(
  path: string,
  method: string,
  params: Params,
  clock: Clock,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let held: Buffer = Buffer.alloc(0);
  let isResult = false;
  for await (const chunk of replyChunks(path, method, params, clock)) {
    held = Buffer.concat([held, chunk]);
    if (!isResult && held.subarray(0, HEAD.length).equals(HEAD)) {
      isResult = true;
      held = held.subarray(HEAD.length);
    }
    if (!isResult || held.length <= TAIL.length) continue;
    yield escapedJson(decoder.decode(held.subarray(0, -TAIL.length), { stream: true }));
    held = held.subarray(-TAIL.length);
  }
  // An error, or the reply of something that puts its keys in another order: small, or no daemon's.
  if (!isResult) yield escapedJson(JSON.stringify(resultOf(held.toString('utf8'), path)));
}
