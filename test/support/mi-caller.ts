import type { CommandTable } from '../../lib/mi/command-table.ts';
import { RpcDispatcher } from '../../lib/mi/rpc-dispatcher.ts';

/** Calls commands as a client would: JSON in, JSON out. Gives the result, or the error object. */
export function miCaller(commands: CommandTable) {
  const dispatcher = new RpcDispatcher(commands);
  return async (method: string, params?: readonly unknown[] | object) => {
    const reply = await dispatcher.answerWhole(JSON.stringify({ jsonrpc: '2.0', method, params, id: 1 }));
    const text = reply.kind === 'text' ? reply.text : reply.kind === 'stream' ? [...reply.chunks].join('') : '{}';
    const { result, error } = JSON.parse(text);
    return result ?? error;
  };
}
