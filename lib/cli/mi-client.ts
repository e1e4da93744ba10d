import { createConnection, type Socket } from 'node:net';
import type { Clock, Timer } from '../core/clock.ts';
import { OperationalError } from '../core/errors.ts';

/** A daemon that says nothing for so long is given up. */
const SILENCE_MAX_MS = 10_000;

/** The daemon answered with an error: the command cannot be done. */
export class MiRefusal extends OperationalError {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Calls one command over the management socket and gives its result, whatever shape that has. */
export async function callMi(path: string, method: string, params: Params, clock: Clock): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of replyChunks(path, method, params, clock)) chunks.push(chunk);
  return resultOf(Buffer.concat(chunks).toString('utf8'), path);
}

export type Params = Readonly<Record<string, string | number | readonly string[]>>;

/** The text of the JSON-RPC reply as it arrives, for results that are too large to be held. */
export async function* replyChunks(
  path: string,
  method: string,
  params: Params,
  clock: Clock,
): AsyncGenerator<Buffer, void> {
  const socket = createConnection(path);
  const silence = new Silence(socket, path, clock);
  silence.begin();
  try {
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`);
    const received: AsyncIterable<Buffer> = socket;
    for await (const chunk of received) {
      // While the caller works on the chunk (a pager that waits for a key), nobody waits for the daemon.
      silence.end();
      const end = chunk.indexOf('\n');
      yield end === -1 ? chunk : chunk.subarray(0, end);
      if (end !== -1) return;
      silence.begin();
    }
  } catch (err) {
    throw connectError(path, err);
  } finally {
    silence.end();
    socket.destroy();
  }
  throw new OperationalError(`the daemon closed its management socket ${path} before it had answered`);
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
  const data = 'data' in fields && typeof fields.data === 'string' ? `: ${fields.data}` : '';
  return new MiRefusal(code, `${message}${data}`);
}

function connectError(path: string, err: unknown): unknown {
  if (!(err instanceof Error) || !('code' in err)) return err;
  switch (err.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return new OperationalError(`nothing answers on ${path}; is twinreg running? Start it with: twinreg run`, {
        cause: err,
      });
    case 'EACCES':
      return new OperationalError(`${path} is for the daemon's user and group only; run this as one of them`, {
        cause: err,
      });
    default:
      return new OperationalError(`the management socket ${path} failed: ${err.message}`, { cause: err });
  }
}

/** Ends the connection when it is waited for, and nothing arrives, for too long. */
class Silence {
  readonly #clock: Clock;
  readonly #giveUp: () => void;
  #timer: Timer | undefined;

  constructor(socket: Socket, path: string, clock: Clock) {
    this.#clock = clock;
    this.#giveUp = () => {
      socket.destroy(new OperationalError(`the daemon behind ${path} did not answer for ${SILENCE_MAX_MS / 1000} s`));
    };
  }

  begin(): void {
    this.#timer = this.#clock.after(SILENCE_MAX_MS, this.#giveUp);
  }

  end(): void {
    this.#timer?.cancel();
  }
}
