import type { Test } from 'tap';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { daemonEnv } from './daemon-env.ts';

/** A program that a test runs: a phone, a probe. It ends with the test at the latest. */
export class Program {
  /** What it has printed so far, both streams. */
  output = '';
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #waiting = new Set<() => void>();

  constructor(t: Test, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: daemonEnv(env) });
    this.#closed = once(this.#child, 'close');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.output += data.toString('latin1');
        for (const look of this.#waiting) look();
      });
    }
    t.teardown(async () => {
      this.#child.kill('SIGKILL');
      await this.#closed;
    });
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when its output holds this text; rejects when it ends without. */
  async printed(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (this.output.includes(text)) resolve();
    };
    this.#waiting.add(look);
    look();
    const ended = this.#closed.then(() => {
      if (!this.output.includes(text)) throw new Error(`it ended without printing "${text}":\n${this.output}`);
    });
    await Promise.race([promise, ended]);
    this.#waiting.delete(look);
  }

  /** Writes to its standard input. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves to its exit code when it has ended by itself. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }
}
