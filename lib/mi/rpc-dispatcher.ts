import { OperationalError } from '../core/errors.ts';
import type { Json } from './json.ts';
import { bindParams } from './bind-params.ts';
import type { CommandTable } from './command-table.ts';
import { miError, type MiAnswer, type MiError, type MiLive } from './mi-command.ts';
import { parseRpcRequest, type Params, type RpcId } from './rpc-request.ts';

/** What goes back to the client: nothing for a notification; a text; or chunks that concatenate to one text. */
export type WholeReply =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'stream'; readonly chunks: Iterable<string> };

/** `first` is the reply to the request; the events of `open` follow it as notifications of `method`. */
export interface LiveReply extends Pick<MiLive, 'method' | 'open'> {
  readonly kind: 'live';
  readonly first: string;
}

export type RpcReply = WholeReply | LiveReply;

const METHOD_NOT_FOUND: MiError = { kind: 'error', code: -32601, message: 'Method not found' };

/** JSON-RPC 2.0 over the table of commands; the same for every transport. */
export class RpcDispatcher {
  readonly #commands: CommandTable;

  constructor(commands: CommandTable) {
    this.#commands = commands;
  }

  /**
   * Carries out one request and gives the text of its reply, without a line end. Whatever the text says, this answers;
   * it rejects only when an invariant broke.
   */
  async answer(text: string): Promise<RpcReply> {
    const { id, answer } = await this.#carryOut(text);
    if (answer.kind !== 'live' || id === undefined) return wholeReply(id, wholeAnswer(answer));
    return { kind: 'live', first: resultText('OK', id), method: answer.method, open: answer.open };
  }

  /** The same for a transport that cannot carry answers that go on: they are errors there. */
  async answerWhole(text: string): Promise<WholeReply> {
    const { id, answer } = await this.#carryOut(text);
    return wholeReply(id, wholeAnswer(answer));
  }

  async #carryOut(text: string): Promise<{ readonly id: RpcId | undefined; readonly answer: MiAnswer }> {
    const request = parseRpcRequest(text);
    if (request.kind === 'invalid') return { id: request.id, answer: request.error };
    return { id: request.id, answer: await this.call(request.method, request.params) };
  }

  /** Carries out one command; rejects only when an invariant broke. */
  async call(method: string, params: Params): Promise<MiAnswer> {
    const command = this.#commands.find(method);
    if (command === undefined) return METHOD_NOT_FOUND;
    const bound = bindParams(command, params);
    if (bound.kind === 'error') return bound;
    try {
      return await bound.recipe.run(bound.values);
    } catch (err) {
      if (err instanceof OperationalError) return miError(500, err.message);
      throw err;
    }
  }
}

/** The reply to a request that never reached a command: too long to be read, or one connection too many. */
export function errorText(error: MiError, id: RpcId = null): string {
  const { code, message, data } = error;
  return JSON.stringify({ jsonrpc: '2.0', error: { code, message, data }, id });
}

/** What a transport answers that cannot carry answers that go on. */
export function wholeAnswer(answer: MiAnswer): Exclude<MiAnswer, MiLive> {
  if (answer.kind !== 'live') return answer;
  return miError(400, `"${answer.method}" goes on until its client leaves; it is answered only over the unix socket`);
}

function wholeReply(id: RpcId | undefined, answer: Exclude<MiAnswer, MiLive>): WholeReply {
  if (id === undefined) return { kind: 'none' };
  switch (answer.kind) {
    case 'result':
      return { kind: 'text', text: resultText(answer.value, id) };
    case 'error':
      return { kind: 'text', text: errorText(answer, id) };
    case 'stream':
      return { kind: 'stream', chunks: enveloped(answer.chunks, id) };
  }
}

function resultText(result: Json, id: RpcId): string {
  return JSON.stringify({ jsonrpc: '2.0', result, id });
}

function* enveloped(chunks: Iterable<string>, id: RpcId): Generator<string> {
  yield '{"jsonrpc":"2.0","result":';
  yield* chunks;
  yield `,"id":${JSON.stringify(id)}}`;
}
