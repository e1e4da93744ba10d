import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { KEEPALIVED } from './appliance-script.ts';
import type { Host } from './appliance-network.ts';
import { Program } from './program.ts';
import { requireTool } from './require-tool.ts';

/** What stands at the top of keepalived.conf. */
export interface KeepalivedValues {
  readonly VIRTUAL_ADDRESS: string;
  readonly OWN_ADDRESS: string;
  readonly TWIN_ADDRESS: string;
  readonly INTERFACE: string;
  readonly PRIORITY: number;
  readonly DATA: string;
  readonly USER: string;
  readonly SCRIPTS: string;
}

/** The template with these values, and nothing else changed; throws when one of them does not stand in it. */
export function keepalivedConf(values: Partial<KeepalivedValues>): string {
  const template = readFileSync(join(KEEPALIVED, 'keepalived.conf'), 'utf8');
  return Object.entries(values).reduce((text, [name, value]) => {
    const line = new RegExp(`^\\$${name}=.*$`, 'm');
    if (!line.test(text)) throw new Error(`keepalived.conf sets no $${name}`);
    return text.replace(line, () => `$${name}=${String(value)}`);
  }, template);
}

/** Of the parent, and of the process that does the work. */
const PID_FILES = ['pid', 'vrrp.pid'] as const;

/** Real keepalived on a host, with files of its own. It can be killed and hung as a whole, and started again. */
export class Keepalived {
  readonly #t: Test;
  readonly #host: Host;
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  #program: Program | undefined;

  /**
   * @param folder for its configuration and process ids
   * @param env of its scripts
   */
  constructor(t: Test, host: Host, folder: string, conf: string, env: NodeJS.ProcessEnv) {
    this.#t = t;
    this.#host = host;
    this.#folder = folder;
    this.#env = env;
    writeFileSync(this.#file('conf'), conf);
  }

  /** Its configuration file. */
  get configPath(): string {
    return this.#file('conf');
  }

  /** Resolves when it has begun to watch. @param env what its scripts find otherwise than given */
  async start(env: NodeJS.ProcessEnv = {}): Promise<void> {
    const command = this.#host.within(
      requireTool('keepalived').path ?? '',
      ...['--vrrp', '--dont-fork', '--log-console', '--log-detail', '--use-file', this.#file('conf')],
      ...['--pid', this.#file('pid'), '--vrrp_pid', this.#file('vrrp.pid')],
    );
    this.#program = new Program(this.#t, ...command, { ...this.#env, ...env });
    await this.#program.printed('Startup complete');
  }

  get isRunning(): boolean {
    return this.#started.isRunning;
  }

  /** What it has logged since it was started last. */
  get log(): string {
    return this.#started.output;
  }

  /** It hangs, and goes on: the process that watches and its parent. */
  hang(): void {
    this.#signal('SIGSTOP');
  }

  goOn(): void {
    this.#signal('SIGCONT');
  }

  /** No process of it has a chance to clean up. Resolves when they are gone. */
  async kill(): Promise<void> {
    // While they stand still neither hears of the other one's end.
    this.hang();
    this.#signal('SIGKILL');
    await this.#started.ended();
    // It reads them at its next start, and by then somebody else may have the number: it would take that process for itself.
    for (const file of PID_FILES) rmSync(this.#file(file), { force: true });
  }

  /** SIGTERM, as systemd stops it. */
  async stop(): Promise<void> {
    this.#started.signal('SIGTERM');
    await this.#started.ended();
  }

  get #started(): Program {
    if (this.#program === undefined) throw new Error('keepalived was never started');
    return this.#program;
  }

  #signal(name: NodeJS.Signals): void {
    for (const file of PID_FILES) process.kill(Number(readFileSync(this.#file(file), 'utf8')), name);
  }

  #file(extension: string): string {
    return join(this.#folder, `keepalived.${extension}`);
  }
}
