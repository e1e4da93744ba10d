import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program and its arguments, put into the place where it is to run. */
export type Command = (program: string, ...args: string[]) => readonly [program: string, args: string[]];

export const here: Command = (program, ...args) => [program, args];

/** So much of what a program said last is shown when it fails. */
const LINES_KEPT = 20;

/** A program that runs beside the demonstration. Ctrl-C does not reach it: what is ended, and when, is decided here. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #lines: string[] = [];
  readonly #listeners = new Set<(line: string) => void>();

  constructor(name: string, [program, args]: readonly [string, string[]], env: NodeJS.ProcessEnv = {}) {
    this.name = name;
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    this.#process = spawn(program, args, { stdio: [...stdio], detached: true, env: { ...process.env, ...env } });
    this.#ended = once(this.#process, 'close').catch((err: unknown) => this.#take(String(err)));
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#take(line));
    }
  }

  get isRunning(): boolean {
    const { exitCode, signalCode, pid } = this.#process;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** Resolves when it has ended, however. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  /** Resolves with the first line to come that is wanted; rejects with what it said when it ends before. */
  async said(isWanted: (line: string) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const listener = (line: string) => {
      if (isWanted(line)) resolve(undefined);
    };
    this.#listeners.add(listener);
    const ended = this.#ended.then(() => Promise.reject(new Error(`${this.name} ended:\n${this.#lines.join('\n')}`)));
    await Promise.race([promise, ended]).finally(() => this.#listeners.delete(listener));
  }

  /** Waits for nothing. */
  signal(name: NodeJS.Signals): void {
    if (this.isRunning) this.#process.kill(name);
  }

  /** Asks it to end, and makes it end when it has not by then. */
  async stop(patienceMs: number): Promise<void> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), patienceMs);
    await this.#ended;
    clearTimeout(timer);
  }

  #take(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    for (const listener of this.#listeners) listener(line);
  }
}
