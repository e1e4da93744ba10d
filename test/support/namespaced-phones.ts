import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import type { Test } from 'tap';
import type { Host } from './appliance-network.ts';
import { daemonCommand, daemonEnv } from './daemon-env.ts';
import type { PhoneRecord } from './recording-phones.ts';
import type { SipServer } from './sip-client.ts';

export interface PhonesSettings {
  readonly server: SipServer;
  readonly from: string;
  readonly perSecond: number;
  readonly phones: number;
  readonly first: number;
}

export interface PhonesCall {
  readonly id: number;
  readonly action: 'more' | 'silence' | 'resume' | 'stop' | 'records' | 'refusals';
  readonly count: number;
}

export interface PhonesReply {
  readonly id: number;
  readonly result: unknown;
}

/**
 * Recording phones on another host. One half of them can fall silent, and answers pings only: a phone that goes on mends by its
 * next REGISTER whatever was lost of its earlier ones; a silent one shows it.
 */
export class NamespacedPhones {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #calls = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message) => {
      const { id, result } = message as PhonesReply;
      this.#waiting.get(id)?.resolve(result);
      this.#waiting.delete(id);
    });
    child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the phones have ended (${String(code)})`));
    });
  }

  /** Resolves when they have begun. They end with the test. */
  static async start(t: Test, host: Host, settings: Omit<PhonesSettings, 'from'>): Promise<NamespacedPhones> {
    const script = resolve(import.meta.dirname, 'phones-process.ts');
    const all = JSON.stringify({ ...settings, from: host.address });
    const [program, args] = daemonCommand(process.execPath, script, all);
    const child = spawn(...host.within(program, ...args), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: daemonEnv(),
    });
    t.teardown(() => child.kill('SIGKILL'));
    const phones = new NamespacedPhones(child);
    await phones.#reply(0);
    return phones;
  }

  /** Resolves when so many operations more of those that never fall silent were answered. */
  async more(count: number): Promise<void> {
    await this.#call('more', count);
  }

  /** One half asks for nothing more. Resolves to what these phones know. */
  async silence(): Promise<readonly PhoneRecord[]> {
    return (await this.#call('silence')) as readonly PhoneRecord[];
  }

  /** All go on, after `silence` and after `stop`. */
  async resume(): Promise<void> {
    await this.#call('resume');
  }

  /** Nobody asks for anything any more; pings are answered. */
  async stop(): Promise<void> {
    await this.#call('stop');
  }

  async records(): Promise<readonly PhoneRecord[]> {
    return (await this.#call('records')) as readonly PhoneRecord[];
  }

  /** Answers other than 200, as text. */
  async refusals(): Promise<readonly string[]> {
    return (await this.#call('refusals')) as readonly string[];
  }

  #call(action: PhonesCall['action'], count = 0): Promise<unknown> {
    this.#calls += 1;
    this.#child.send({ id: this.#calls, action, count } satisfies PhonesCall);
    return this.#reply(this.#calls);
  }

  #reply(id: number): Promise<unknown> {
    const reply = Promise.withResolvers<unknown>();
    this.#waiting.set(id, reply);
    return reply.promise;
  }
}
