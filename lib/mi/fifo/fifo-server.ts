import { once } from 'node:events';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Clock, Timer } from '../../core/clock.ts';
import { OperationalError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { LINE_BYTES_MAX, STOP_GRACE_MS } from '../mi-connection.ts';
import type { Params } from '../rpc-request.ts';
import { wholeAnswer, type RpcDispatcher } from '../rpc-dispatcher.ts';
import { TurnBudget } from '../turn-budget.ts';
import { FifoFile } from './fifo-file.ts';
import { FifoRequests, type FifoRequest } from './fifo-requests.ts';
import type { FifoSettings } from './fifo-settings.ts';
import { RareWarning } from './rare-warning.ts';
import { isReplyName, ReplyFifo } from './reply-fifo.ts';
import { textReply } from './text-reply.ts';

/**
 * Commands in progress. The next ones wait, at most those that one read gave (64 KiB); until they are begun, nothing more
 * is read, and writers wait in the kernel.
 */
export const COMMANDS_MAX = 64;

/** Replies on their way to readers; one more is not written, so that readers that stall block nobody's command. */
export const REPLIES_MAX = 32;

/** The rest of a request comes within this time, or never: its writer died, or wrote something else. */
const UNFINISHED_MS = 1000;

interface FifoParts {
  readonly dispatcher: RpcDispatcher;
  readonly clock: Clock;
  readonly log: Log;
}

type Call = Extract<FifoRequest, { readonly replyName: string }>;

/** MI as OpenSIPS's mi_fifo has it, with 2.4's text form beside JSON-RPC. */
export class FifoServer {
  readonly #settings: FifoSettings;
  readonly #parts: FifoParts;
  readonly #requests = new FifoRequests(LINE_BYTES_MAX);
  readonly #warnings: Readonly<Record<'skipped' | 'name' | 'reply' | 'busy', RareWarning>>;
  #file: FifoFile | undefined;
  #socket: Socket | undefined;
  #unfinished: Timer | undefined;
  #replies = 0;
  readonly #turn: TurnBudget;
  readonly #waiting: Call[] = [];
  #isBeginning = false;
  readonly #commands = new Set<Promise<void>>();

  constructor(settings: FifoSettings, parts: FifoParts) {
    const { clock, log } = parts;
    this.#settings = settings;
    this.#parts = parts;
    this.#turn = new TurnBudget(clock);
    this.#warnings = {
      skipped: new RareWarning('what was written into the management FIFO is no request; skipped', clock, log),
      name: new RareWarning('the name of a reply FIFO has . / or \\ in it, or other strange characters', clock, log),
      reply: new RareWarning('a reply could not be written into its FIFO', clock, log),
      busy: new RareWarning('too many replies wait for their FIFOs to be read; a reply is left out', clock, log),
    };
  }

  /** The FIFO's path; undefined while there is none. */
  get place(): string | undefined {
    return this.#file?.path;
  }

  /**
   * Rejects with an OperationalError when the configured FIFO cannot be made. The one at the usual place is left out
   * then, with a warning: there is one such place on a machine, and other ways to manage the node are there.
   */
  async start(): Promise<void> {
    const { path, mode } = this.#settings;
    const { log } = this.#parts;
    try {
      this.#file = await FifoFile.claim(path ?? (await FifoFile.usualPath()), mode);
    } catch (err) {
      if (path !== undefined || !(err instanceof OperationalError)) throw err;
      log.warn({ reason: err.message }, 'going without the management FIFO (mi.fifo_name sets another path, or off)');
      return;
    }
    this.#read(this.#file.fd);
    log.info({ path: this.#file.path }, 'management FIFO');
    if (await this.#file.isClosedToOthers()) {
      log.warn(
        { path: this.#file.path },
        'fs.protected_fifos keeps other users from writing into the management FIFO here; make /run/opensips, or set mi.fifo_name',
      );
    }
  }

  /** Takes no more requests, lets those in progress be answered for a moment; the FIFO goes if it is still ours. */
  async stop(): Promise<void> {
    if (this.#file === undefined || this.#socket?.destroyed !== false) return;
    this.#unfinished?.cancel();
    this.#waiting.length = 0;
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await Promise.all([closed, this.#file.remove()]);
    await new Promise<void>((resolve) => {
      const giveUp = this.#parts.clock.after(STOP_GRACE_MS, resolve);
      void Promise.all(this.#commands).then(() => {
        giveUp.cancel();
        resolve();
      });
    });
  }

  #read(fd: number): void {
    const socket = new Socket({ fd, readable: true, writable: false });
    socket.on('error', (err) => this.#parts.log.error({ err }, 'management FIFO failed'));
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket = socket;
  }

  #take(chunk: Buffer): void {
    this.#unfinished?.cancel();
    this.#socket?.pause();
    for (const request of this.#requests.push(chunk)) {
      if (request.kind === 'json' || request.kind === 'text') this.#waiting.push(request);
      else this.#warnings.skipped.say({ kind: request.kind });
    }
    void this.#begin();
  }

  /** Begins what waits, in order, as far as there is room for it, and then reads on. */
  async #begin(): Promise<void> {
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    while (this.#commands.size < COMMANDS_MAX) {
      const request = this.#waiting.shift();
      if (request === undefined) break;
      this.#start(request);
      await this.#turn.spent();
    }
    this.#isBeginning = false;
    if (this.#waiting.length === 0 && this.#commands.size < COMMANDS_MAX) this.#readOn();
  }

  #readOn(): void {
    if (this.#socket?.destroyed !== false || !this.#socket.isPaused()) return;
    this.#socket.resume();
    if (!this.#requests.isUnfinished) return;
    this.#unfinished = this.#parts.clock.after(UNFINISHED_MS, () => {
      this.#requests.reset();
      this.#warnings.skipped.say({ kind: 'unfinished' });
    });
  }

  #start(request: Call): void {
    const command = this.#carryOut(request).finally(() => {
      this.#commands.delete(command);
      void this.#begin();
    });
    this.#commands.add(command);
  }

  /** Rejects only when an invariant broke. */
  async #carryOut(request: Call): Promise<void> {
    const { replyName } = request;
    const mayReply = replyName !== '' && isReplyName(replyName);
    if (replyName !== '' && !mayReply) {
      // OpenSIPS drops the request as well: who writes such a name is no client.
      this.#warnings.name.say({ replyName: replyName.slice(0, 80) });
      return;
    }
    const chunks = await this.#answer(request);
    if (!mayReply || chunks === undefined) return;
    if (this.#replies >= REPLIES_MAX) {
      this.#warnings.busy.say({ replyName });
      return;
    }
    this.#replies++;
    await this.#reply(replyName, chunks);
    this.#replies--;
  }

  async #answer(request: Call): Promise<Iterable<string> | undefined> {
    const { dispatcher } = this.#parts;
    if (request.kind === 'text') {
      const answer = await dispatcher.call(request.method, textParams(request.method, request.params));
      return textReply(wholeAnswer(answer));
    }
    const reply = await dispatcher.answerWhole(request.text);
    switch (reply.kind) {
      case 'none':
        return undefined;
      case 'text':
        return [`${reply.text}\n`];
      case 'stream':
        return lineOf(reply.chunks);
    }
  }

  async #reply(name: string, chunks: Iterable<string>): Promise<void> {
    const fifo = await this.#openReply(name);
    const outcome = await fifo?.write(chunks, this.#turn);
    if (outcome === 'stalled') this.#warnings.reply.say({ replyName: name, reason: 'its reader takes nothing' });
  }

  async #openReply(name: string): Promise<ReplyFifo | undefined> {
    const path = join(this.#settings.replyFolder, name);
    try {
      return await ReplyFifo.open(path, this.#file?.identity ?? '', this.#parts.clock);
    } catch (err) {
      this.#warnings.reply.say({ replyName: name, reason: err instanceof Error ? err.message : String(err) });
      return undefined;
    }
  }
}

function* lineOf(chunks: Iterable<string>): Generator<string> {
  yield* chunks;
  yield '\n';
}

/** 2.4 wrote `ul_dump brief`; since 3.0 the parameter is a number. */
function textParams(method: string, values: readonly string[]): Params {
  if (values.length === 0) return { kind: 'none' };
  const isBriefDump = method === 'ul_dump' && values.length === 1 && values[0] === 'brief';
  return { kind: 'positional', values: isBriefDump ? ['1'] : values };
}
