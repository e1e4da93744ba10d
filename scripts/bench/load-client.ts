import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { registerText, type LoadOrder, type LoadResult } from './load.ts';
import { ADDRESS, LOAD_CORE } from './server.ts';

/** The load generator in a process of its own, on its own core. */
export class LoadClient {
  readonly #child: ChildProcess;

  constructor() {
    const script = fileURLToPath(new URL('load.worker.ts', import.meta.url));
    this.#child = spawn('taskset', ['-c', LOAD_CORE, process.execPath, script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  async run(order: LoadOrder): Promise<LoadResult> {
    this.#child.send(order);
    const [answer] = (await once(this.#child, 'message')) as [{ result: LoadResult } | { error: string }];
    if ('error' in answer) throw new Error(`load on port ${order.port}: ${answer.error}`);
    return answer.result;
  }

  stop(): void {
    this.#child.kill();
  }
}

const START_TRIES = 100;
const TRY_EVERY_MS = 100;

/** Resolves when a REGISTER to this port is answered; rejects after ten seconds. */
export async function untilItAnswers(port: number): Promise<void> {
  const socket = createSocket('udp4');
  const answered = once(socket, 'message');
  socket.bind(0, ADDRESS);
  await once(socket, 'listening');
  const probe = registerText(99_999_999, 1, socket.address().port).replace(/Contact: .*\r\n/, '');
  try {
    for (let tries = 0; tries < START_TRIES; tries++) {
      socket.send(Buffer.from(probe, 'latin1'), port, ADDRESS, () => undefined);
      const pause = new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS, 'silent'));
      if ((await Promise.race([answered, pause])) !== 'silent') return;
    }
  } finally {
    socket.close();
  }
  throw new Error(`nothing answered SIP on ${ADDRESS}:${port} within ${(START_TRIES * TRY_EVERY_MS) / 1000} s`);
}
