import { OperationalError } from '../core/errors.ts';
import { bindParams } from './bind-params.ts';
import type { CommandTable } from './command-table.ts';
import { miError, type MiAnswer, type MiError } from './mi-command.ts';
import { parseRpcRequest, type Params, type RpcId } from './rpc-request.ts';

/** What goes back to the client: nothing for a notification; a text; or chunks that concatenate to one text. */
export type RpcReply =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'stream'; readonly chunks: Iterable<string> };

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
    const request = parseRpcRequest(text);
    if (request.kind === 'invalid') return replyTo(request.id, request.error);
    const answer = await this.#call(request.method, request.params);
    return replyTo(request.id, answer);
  }

  async #call(method: string, params: Params): Promise<MiAnswer> {
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

function replyTo(id: RpcId | undefined, answer: MiAnswer): RpcReply {
  if (id === undefined) return { kind: 'none' };
  switch (answer.kind) {
    case 'result':
      return { kind: 'text', text: JSON.stringify({ jsonrpc: '2.0', result: answer.value, id }) };
    case 'error':
      return { kind: 'text', text: errorText(answer, id) };
    case 'stream':
      return { kind: 'stream', chunks: enveloped(answer.chunks, id) };
  }
}

function* enveloped(chunks: Iterable<string>, id: RpcId): Generator<string> {
  yield '{"jsonrpc":"2.0","result":';
  yield* chunks;
  yield `,"id":${JSON.stringify(id)}}`;
}
