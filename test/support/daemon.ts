import type { Test } from 'tap';
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { callMi, type Params } from '../../lib/cli/mi-client.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { NodeStatus } from '../../lib/mi/commands/status.ts';
import { daemonEnv } from './daemon-env.ts';
import type { DrachtioServer } from './drachtio/place.ts';
import { EMBEDDED, sipKeys, type TestEngine } from './engines.ts';
import { freePort, loopbackAddress } from './free-port.ts';
import { SipClient } from './sip-client.ts';
import { tempFolder } from './temp-folder.ts';

const LAUNCHER = resolve(import.meta.dirname, '../../scripts/twinreg');

export interface DaemonOptions {
  /** Data folder; without it a new one that goes with the test. */
  readonly folder?: string;
  /** Loopback address; without it one of its own. */
  readonly address?: string;
  /** Without it a free one. */
  readonly port?: number;
  /** Where SIP comes from; without it the embedded engine. */
  readonly engine?: TestEngine;
  /** Port of the replication listener at `address`; without it there is none. */
  readonly bin?: number;
  /** Where the replication listener is instead: an address that does not move. */
  readonly binAddress?: string;
  /** Whether replication goes over TLS; the files stand in `config`. */
  readonly bins?: boolean;
  /** The configuration file's text. It says nothing of `listen`, which is `--listen`'s. */
  readonly config?: string;
  /** Whether management over HTTP and the FIFO are on, at places of its own; a `mi` section in `config` says it instead. */
  readonly http?: boolean;
  readonly fifo?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** Where it runs, if not here: `namespace.command`. */
  readonly within?: (program: string, ...args: readonly string[]) => [program: string, args: string[]];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** What `ul_dump` says of an AoR; with `brief` without Contacts. */
export interface DumpedAor {
  readonly AOR: string;
  readonly Contacts: readonly DumpedContact[];
}

export interface DumpedContact {
  readonly Contact: string;
  readonly ContactID: string;
  readonly Expires: number;
  readonly Callid: string;
  readonly Cseq: number;
  readonly State: string;
  readonly Socket?: string;
  readonly Received?: string;
  readonly Path?: string;
}

/** One line of the daemon's JSON log. */
export interface LogLine {
  readonly msg: string;
  readonly level: number;
  readonly [field: string]: unknown;
}

/**
 * A real daemon in a process of its own, started by the launcher as an operator starts it, on a loopback address and a
 * data folder of its own. It ends with the test at the latest.
 */
export class Daemon {
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  /** Of management over HTTP, at `address`; 0 without it. */
  readonly httpPort: number;
  /** Its configuration file. */
  readonly configPath: string;
  /** The drachtio-server that it is behind; it lives on when the daemon ends. */
  readonly server: DrachtioServer | undefined;
  /** What it has logged so far. */
  readonly log: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #management: string;
  readonly #ended: Promise<Ended>;
  readonly #waiting: { readonly message: string; readonly resolve: (line: LogLine) => void }[] = [];

  private constructor(
    child: ChildProcess,
    ended: Promise<Ended>,
    place: Required<Pick<DaemonOptions, 'folder' | 'address' | 'port'>> & {
      readonly httpPort: number;
      readonly configPath: string;
      readonly management: string;
      readonly server: DrachtioServer | undefined;
    },
  ) {
    this.#child = child;
    this.#ended = ended;
    this.folder = place.folder;
    this.address = place.address;
    this.port = place.port;
    this.httpPort = place.httpPort;
    this.configPath = place.configPath;
    this.#management = place.management;
    this.server = place.server;
  }

  /** Resolves when the daemon says that it serves; rejects with what it said when it ends before. */
  static async start(t: Test, options: DaemonOptions = {}): Promise<Daemon> {
    const folder = options.folder ?? tempFolder(t);
    const address = options.address ?? loopbackAddress();
    const port = options.port ?? (await freePort(address));
    const server = await (options.engine ?? EMBEDDED).serverAt(t, address, port, options.within);
    const args = ['run', '--data', folder, '--listen', `sip:${isIPv6(address) ? `[${address}]` : address}:${port}`];
    if (options.bin !== undefined)
      args.push(
        '--listen',
        `${options.bins === true ? 'bins' : 'bin'}:${options.binAddress ?? address}:${options.bin}`,
      );
    const httpPort = options.http === true ? await freePort(address) : 0;
    const management = sipText(server) + managementText({ ...options, folder, address }, httpPort);
    const configPath = join(tempFolder(t), 'twinreg.yaml');
    writeFileSync(configPath, `${options.config ?? ''}\n${management}`);
    args.push('--config', configPath);
    const command = options.within?.(LAUNCHER, ...args) ?? [LAUNCHER, args];
    const child = spawn(...command, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: daemonEnv(options.env),
    });
    const place = { folder, address, port, httpPort, configPath, management, server };
    const daemon = new Daemon(child, outcome(child), place);
    t.teardown(() => daemon.kill());
    await daemon.#serving();
    return daemon;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get fifoPath(): string {
    return join(this.folder, 'opensips_fifo');
  }

  get socketPath(): string {
    return join(this.folder, 'twinreg.sock');
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal and waits for nothing. */
  signal(name: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(name);
  }

  /** SIGTERM, and the end of the process. */
  stop(): Promise<Ended> {
    this.signal('SIGTERM');
    return this.#ended;
  }

  /** SIGKILL, and the end of the process. */
  kill(): Promise<Ended> {
    this.signal('SIGKILL');
    return this.#ended;
  }

  ended(): Promise<Ended> {
    return this.#ended;
  }

  /** A management command's result. */
  mi(method: string, params: Params = {}): Promise<unknown> {
    return callMi(this.socketPath, method, params, systemClock);
  }

  /** All AoRs that have a contact. */
  async dump(params: Params = {}): Promise<readonly DumpedAor[]> {
    const { Domains } = (await this.mi('ul_dump', params)) as {
      readonly Domains: readonly { readonly AORs: readonly DumpedAor[] }[];
    };
    return Domains[0]?.AORs ?? [];
  }

  /** The contacts of an AoR; none when it is unknown. */
  async contactsOf(aor: string): Promise<readonly DumpedContact[]> {
    const all = await this.dump();
    return all.find(({ AOR }) => AOR === aor)?.Contacts ?? [];
  }

  async status(): Promise<NodeStatus> {
    return (await this.mi('status')) as NodeStatus;
  }

  /** Writes the configuration file anew, as it was started with but for this text; `reload` reads it. */
  configure(config: string): void {
    writeFileSync(this.configPath, `${config}\n${this.#management}`);
  }

  /** A phone that speaks to this daemon; it is closed with the test. */
  async phone(t: Test, transport: 'udp' | 'tcp' = 'udp'): Promise<SipClient> {
    const client = await SipClient[transport](this);
    t.teardown(() => client.close());
    return client;
  }

  /** The `twinreg` command, pointed at this daemon's data folder. */
  twinreg(...words: readonly string[]): Promise<Ended> {
    return twinreg([...words, '--data', this.folder]);
  }

  /** Resolves with the first line of the log, past or to come, that has this message; rejects when the daemon ends without it. */
  logged(message: string): Promise<LogLine> {
    const found = this.log.find(({ msg }) => msg === message);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, resolve });
      void this.#ended.then(({ code, err }) =>
        reject(new Error(`the daemon ended (${String(code)}) without saying "${message}": ${err}${this.#lastLines()}`)),
      );
    });
  }

  #serving(): Promise<LogLine> {
    const { stdout } = this.#child;
    if (stdout !== null) createInterface({ input: stdout }).on('line', (text) => this.#take(text));
    return this.logged('serving');
  }

  #lastLines(): string {
    return this.log
      .slice(-3)
      .map((line) => JSON.stringify(line))
      .join('\n');
  }

  #take(text: string): void {
    const line: LogLine = text.startsWith('{') ? JSON.parse(text) : { msg: text, level: 0 };
    this.log.push(line);
    for (const { message, resolve } of this.#waiting) if (message === line.msg) resolve(line);
  }
}

/** The `twinreg` command in a process of its own, to its end. */
export function twinreg(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return outcome(spawn(LAUNCHER, words, { stdio: ['ignore', 'pipe', 'pipe'], env: daemonEnv(env) }));
}

/** A test that has more to say of `sip` says it in flow style, and all of it with `sipKeys`. */
function sipText(server: DrachtioServer | undefined): string {
  return server === undefined ? '' : `sip: {${sipKeys(server)}}\n`;
}

/** Daemons of tests run beside each other: none of them takes the machine's one HTTP port or the one usual FIFO. */
function managementText(
  { config = '', address, folder, http, fifo }: DaemonOptions & { readonly address: string; readonly folder: string },
  httpPort: number,
): string {
  if (/^mi:/m.test(config)) return '';
  const httpText = http === true ? `'${address}:${httpPort}'` : 'off';
  const fifoText = fifo === true ? `${folder}/opensips_fifo` : 'off';
  return `mi: {http: ${httpText}, fifo_name: ${fifoText}, reply_dir: ${folder}}\n`;
}

async function outcome(child: ChildProcess): Promise<Ended> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (err += data.toString()));
  await once(child, 'close');
  return { code: child.exitCode, signal: child.signalCode, out, err };
}
