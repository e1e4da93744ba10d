import { createConnection } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { OperationalError } from '../core/errors.ts';
import { connectError } from './connect-error.ts';
import { Silence } from './silence.ts';
import { textLines } from './text-lines.ts';

/** The daemon answered with an error: the command cannot be done. */
export class MiRefusal extends OperationalError {
  readonly code: number;
  /** `404 AOR not found`, `-32602 Invalid params (Bad type for parameter 'q')`: in the words of the protocol. */
  readonly coded: string;

  constructor(code: number, reason: string, data: string) {
    super(data === '' ? reason : `${reason}: ${data}`);
    this.code = code;
    this.coded = `${code} ${reason}${data === '' ? '' : ` (${data})`}`;
  }
}

/** Calls one command over the management socket and gives its result, whatever shape that has. */
export async function callMi(path: string, method: string, params: Params, clock: Clock): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of replyChunks(path, method, params, clock)) chunks.push(chunk);
  return resultOf(Buffer.concat(chunks).toString('utf8'), path);
}

/** By name, or by position. */
export type Params = Readonly<Record<string, unknown>> | readonly unknown[];

export function requestLine(method: string, params: Params): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`;
}

/** The text of the JSON-RPC reply as it arrives, for results that are too large to be held. */
export async function* replyChunks(
  path: string,
  method: string,
  params: Params,
  clock: Clock,
): AsyncGenerator<Buffer, void> {
  const socket = createConnection(path);
  const silence = new Silence(socket, path, clock);
  silence.begin(method);
  try {
    socket.write(requestLine(method, params));
    const received: AsyncIterable<Buffer> = socket;
    for await (const chunk of received) {
      // While the caller works on the chunk (a pager that waits for a key), nobody waits for the daemon.
      silence.end();
      const end = chunk.indexOf('\n');
      yield end === -1 ? chunk : chunk.subarray(0, end);
      if (end !== -1) return;
      silence.begin(method);
    }
  } catch (err) {
    throw connectError(path, err);
  } finally {
    silence.end();
    socket.destroy();
  }
  throw new OperationalError(`the daemon closed its management socket ${path} before it had answered`);
}

/**
 * Calls a command whose answer goes on: the result first, then the `params` of each notification, as they come. Between
 * two of them it waits as long as it takes. Ends when the daemon closes the connection.
 */
export async function* liveEvents(
  path: string,
  method: string,
  params: Params,
  clock: Clock,
): AsyncGenerator<unknown, void> {
  const socket = createConnection(path);
  const silence = new Silence(socket, path, clock);
  silence.begin(method);
  try {
    socket.write(requestLine(method, params));
    let isAnswered = false;
    for await (const line of textLines(socket)) {
      silence.end();
      if (isAnswered) yield notified(line, path);
      else resultOf(line, path);
      isAnswered = true;
    }
  } catch (err) {
    throw connectError(path, err);
  } finally {
    silence.end();
    socket.destroy();
  }
}

function notified(line: string, path: string): unknown {
  const parsed = parseReply(line, path);
  return typeof parsed === 'object' && parsed !== null && 'params' in parsed ? parsed.params : undefined;
}

/** @throws MiRefusal when the reply is an error */
export function resultOf(reply: string, path: string): unknown {
  const parsed: unknown = parseReply(reply, path);
  if (typeof parsed === 'object' && parsed !== null) {
    if ('error' in parsed) throw refusal(parsed.error);
    if ('result' in parsed) return parsed.result;
  }
  throw new OperationalError(`what answers on ${path} is not twinreg: ${reply.slice(0, 80)}`);
}

function parseReply(reply: string, path: string): unknown {
  try {
    return JSON.parse(reply);
  } catch (err) {
    throw new OperationalError(`what answers on ${path} is not twinreg: ${reply.slice(0, 80)}`, { cause: err });
  }
}

function refusal(error: unknown): MiRefusal {
  const fields = typeof error === 'object' && error !== null ? error : {};
  const code = 'code' in fields && typeof fields.code === 'number' ? fields.code : 500;
  const message = 'message' in fields && typeof fields.message === 'string' ? fields.message : 'Server error';
  const data = 'data' in fields && typeof fields.data === 'string' ? fields.data : '';
  return new MiRefusal(code, message, data);
}
