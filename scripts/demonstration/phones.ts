import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from './child.ts';
import type { Cleanup } from './cleanup.ts';

export interface PhonesOrder {
  readonly users: readonly string[];
  readonly phonesAddress: string;
  readonly server: { readonly address: string; readonly port: number };
}

/** What a phone saw; times are `nowMs()`. */
export type PhoneEvent =
  | { readonly kind: 'registered'; readonly user: string; readonly sentAtMs: number; readonly atMs: number }
  | { readonly kind: 'pinged'; readonly user: string; readonly atMs: number };

/** Phones in a process of their own, where phones are: they register, refresh all the time, and answer pings. */
export class Phones {
  readonly #listeners = new Set<(event: PhoneEvent) => void>();

  private constructor(child: ChildProcess) {
    child.on('message', (event: PhoneEvent) => {
      for (const listener of this.#listeners) listener(event);
    });
  }

  static async start(order: PhonesOrder, place: Command, cleanup: Cleanup): Promise<Phones> {
    const script = fileURLToPath(new URL('phones.worker.ts', import.meta.url));
    const [program, args] = place(process.execPath, script);
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], detached: true });
    await cleanup.add(() => void child.kill('SIGKILL'));
    const phones = new Phones(child);
    child.send(order);
    return phones;
  }

  /** Resolves with the first event to come that is wanted. */
  next(isWanted: (event: PhoneEvent) => boolean): Promise<PhoneEvent> {
    return new Promise((resolve) => {
      const listener = (event: PhoneEvent) => {
        if (!isWanted(event)) return;
        this.#listeners.delete(listener);
        resolve(event);
      };
      this.#listeners.add(listener);
    });
  }

  /** Resolves when each of these users had such an event. */
  async each(users: readonly string[], kind: PhoneEvent['kind']): Promise<void> {
    await Promise.all(users.map((user) => this.next((event) => event.kind === kind && event.user === user)));
  }
}
