import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { LOAD_CORE } from './server.ts';

/** Phones that answer OPTIONS, in a process of their own on the load's core. */
export class Phones {
  /** All of them are reached here. */
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(): Promise<Phones> {
    const script = fileURLToPath(new URL('phones.worker.ts', import.meta.url));
    const child = spawn('taskset', ['-c', LOAD_CORE, process.execPath, script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    return new Phones(child, await nextNumber(child));
  }

  /** How many OPTIONS they have answered so far. */
  answered(): Promise<number> {
    const answer = nextNumber(this.#child);
    this.#child.send('count');
    return answer;
  }

  stop(): void {
    this.#child.kill();
  }
}

async function nextNumber(child: ChildProcess): Promise<number> {
  const [message] = (await once(child, 'message')) as [number];
  return message;
}
