import type { Test } from 'tap';
import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { daemonCommand, daemonEnv } from '../daemon-env.ts';
import { AdminClient } from './admin-client.ts';
import { newPlace, type DrachtioPlace, type DrachtioServer, type PlaceOptions, type SipTimers } from './place.ts';

/** Environment variable with the path of a drachtio-server's program. */
const PROGRAM_VARIABLE = 'DRACHTIO_BIN';
const START_ATTEMPTS_MAX = 200;
const START_PAUSE_MS = 100;

/** A program that is started with `--file` and a configuration file as drachtio-server has it. */
type Command = readonly [program: string, ...args: string[]];

/** The program of a real drachtio-server, or why there is none. */
export function realDrachtio(): { readonly command: Command; readonly skip: false } | { readonly skip: string } {
  const path = process.env[PROGRAM_VARIABLE] ?? '';
  if (path === '') return { skip: `needs a drachtio-server (its program in ${PROGRAM_VARIABLE})` };
  accessSync(path, constants.X_OK);
  return { command: [path], skip: false };
}

/** The double as a program, for tests that need it apart from themselves. */
export const DOUBLE_COMMAND: Command = [
  resolve(import.meta.dirname, '../../../scripts/node'),
  join(import.meta.dirname, 'double-program.ts'),
];

export interface ProcessOptions extends PlaceOptions {
  readonly timers?: SipTimers;
  /** The text of its configuration; without it one that has what is above. */
  readonly conf?: (place: DrachtioPlace, timers: SipTimers) => string;
  /** Where it runs, if not here: `namespace.command`. */
  readonly within?: (program: string, ...args: readonly string[]) => [program: string, args: string[]];
  /** How to find out that it serves; without it, by a request to it. */
  readonly isServing?: (place: DrachtioPlace) => Promise<boolean>;
}

/** A drachtio-server in a process of its own, with nothing of its machine's configuration. It ends with the test at the latest. */
export class DrachtioProcess implements DrachtioServer {
  readonly address: string;
  readonly sipPort: number;
  readonly wsPort: number | undefined;
  readonly adminAddress: string;
  readonly adminPort: number;
  readonly secret: string;
  readonly #command: readonly [program: string, args: string[]];
  readonly #isServing: (place: DrachtioPlace) => Promise<boolean>;
  #child: ChildProcess | undefined;
  /** What it printed. */
  output = '';

  private constructor(command: Command, place: DrachtioPlace, options: ProcessOptions, folder: string) {
    this.address = place.address;
    this.sipPort = place.sipPort;
    this.wsPort = place.wsPort;
    this.adminAddress = place.adminAddress;
    this.adminPort = place.adminPort;
    this.secret = place.secret;
    const file = join(folder, 'drachtio.conf.xml');
    const { conf = (place, timers) => configuration(place, timers, folder), timers = {} } = options;
    writeFileSync(file, conf(place, timers));
    const [program, ...args] = [...command, '--file', file];
    this.#command = options.within?.(program, ...args) ?? [program, args];
    this.#isServing = options.isServing ?? answersAll;
  }

  /** Resolves when it serves. */
  static async start(
    t: Pick<Test, 'teardown'>,
    command: Command,
    options: ProcessOptions = {},
  ): Promise<DrachtioProcess> {
    const place = await newPlace(options);
    const folder = mkdtempSync(join(tmpdir(), 'twinreg-drachtio-'));
    const server = new DrachtioProcess(command, place, options, folder);
    t.teardown(async () => {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    });
    await server.start();
    return server;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const [program, args] = this.#command;
    const child = spawn(...daemonCommand(program, ...args), { stdio: ['ignore', 'pipe', 'pipe'], env: daemonEnv() });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => (this.output += data.toString('latin1')));
    }
    for (let attempt = 1; attempt <= START_ATTEMPTS_MAX; attempt += 1) {
      if (child.exitCode !== null || child.signalCode !== null) break;
      if (await this.#isServing(this)) return;
      await pause(START_PAUSE_MS);
    }
    throw new Error(`drachtio-server does not answer SIP:\n${this.output}`);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  hang(): void {
    this.#child?.kill('SIGSTOP');
    // A thread that is at work stops a little later.
    while (!hasStopped(this.pid));
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async ended(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await once(child, 'close');
  }
}

/** Whether all threads of a process stand still, as SIGSTOP has them. */
function hasStopped(pid: number): boolean {
  const folder = `/proc/${String(pid)}/task`;
  return readdirSync(folder).every((thread) => /\) [TZ] /.test(readFileSync(join(folder, thread, 'stat'), 'utf8')));
}

/** Neither port is of use without the other. */
async function answersAll(place: DrachtioPlace): Promise<boolean> {
  return (await answersApps(place)) && (await answersSip(place));
}

async function answersApps(place: DrachtioPlace): Promise<boolean> {
  try {
    const app = await AdminClient.connect(place);
    app.close();
    return true;
  } catch {
    return false;
  }
}

function configuration(place: DrachtioPlace, timers: SipTimers, folder: string): string {
  const { address, sipPort, wsPort, adminAddress, adminPort, secret } = place;
  const webSocket = wsPort === undefined ? '' : `<contact>sip:${address}:${String(wsPort)};transport=ws</contact>`;
  return `<drachtio>
  <admin port="${String(adminPort)}" secret="${secret}">${adminAddress}</admin>
  <sip>
    <contacts><contact>sip:${address}:${String(sipPort)};transport=udp,tcp</contact>${webSocket}</contacts>
    <timers><t1>${String(timers.t1Ms ?? 500)}</t1><t1x64>${String(timers.t1x64Ms ?? 32_000)}</t1x64></timers>
  </sip>
  <logging>
    <file><name>${join(folder, 'drachtio.log')}</name><archive>${folder}</archive></file>
    <sofia-loglevel>0</sofia-loglevel>
    <loglevel>error</loglevel>
  </logging>
</drachtio>
`;
}

/** No app is there: it answers 503 by itself. */
async function answersSip({ address, sipPort }: DrachtioPlace): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind(0, address);
    await once(socket, 'listening');
    const host = `${address}:${String(socket.address().port)}`;
    socket.send(
      `OPTIONS sip:start@${address} SIP/2.0\r\nVia: SIP/2.0/UDP ${host};branch=z9hG4bK-start-${String(Math.random())}\r\n` +
        `From: <sip:start@start>;tag=start\r\nTo: <sip:start@start>\r\nCall-ID: start\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`,
      sipPort,
      address,
    );
    return await Promise.race([once(socket, 'message').then(() => true), pause(START_PAUSE_MS).then(() => false)]);
  } finally {
    socket.close();
  }
}
