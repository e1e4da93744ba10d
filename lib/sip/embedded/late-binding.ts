import type { Clock, Timer } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { ListeningSocket, WaitingSocket } from '../engine.ts';
import { mayComeLater } from './bind-error.ts';
import { describeSocket } from '../serving/listening-socket.ts';

/** What binds a socket; after a failure it may be asked again. */
interface Bindable {
  readonly socket: ListeningSocket;
  /** Rejects with an Error whose message is for people. */
  start(): Promise<void>;
}

interface LateBindingParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Hears of each socket right after it was bound. */
  readonly bound: () => void;
}

interface Waiting {
  readonly listener: Bindable;
  readonly sinceMs: number;
  reason: string;
  /** The attempt under way. */
  attempt: Promise<void> | undefined;
}

/** So long may phones wait for a socket after its address came, if nobody says that it did. */
const RETRY_MS = 200;

/** Binds sockets whose address is not here as soon as it is, and says why not as often as the reason changes. */
export class LateBinding {
  readonly #parts: LateBindingParts;
  #waiting: readonly Waiting[] = [];
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(parts: LateBindingParts) {
    this.#parts = parts;
  }

  /** In the order in which they were added. */
  get waiting(): readonly WaitingSocket[] {
    return this.#waiting.map(({ listener, sinceMs, reason }) => ({ socket: listener.socket, sinceMs, reason }));
  }

  /** @param error why it could not be bound */
  add(listener: Bindable, error: unknown): void {
    const { clock, log } = this.#parts;
    const reason = reasonOf(error);
    this.#waiting = [...this.#waiting, { listener, sinceMs: clock.monotonicMs(), reason, attempt: undefined }];
    log.info({ socket: describeSocket(listener.socket), reason }, 'the socket waits for its address');
    this.#arm();
  }

  tryNow(): void {
    if (this.#isStopped) return;
    for (const waiting of this.#waiting) waiting.attempt ??= this.#try(waiting);
  }

  /** No attempt begins any more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Resolves when no attempt is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#waiting.flatMap(({ attempt }) => attempt ?? []));
  }

  async #try(waiting: Waiting): Promise<void> {
    const { log, bound } = this.#parts;
    const { listener } = waiting;
    try {
      await listener.start();
    } catch (error) {
      this.#failed(waiting, error);
      return;
    }
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
    log.info({ socket: describeSocket(listener.socket) }, 'listening');
    bound();
  }

  #failed(waiting: Waiting, error: unknown): void {
    const { log } = this.#parts;
    const { socket } = waiting.listener;
    const reason = reasonOf(error);
    waiting.attempt = undefined;
    if (reason === waiting.reason) return;
    waiting.reason = reason;
    const fields = { socket: describeSocket(socket), reason };
    // Its address may have come, found the port taken, and left again.
    if (mayComeLater(socket, error)) log.info(fields, 'the socket waits for its address');
    else log.warn(fields, 'the socket waits for its address, and something else is in the way');
  }

  #arm(): void {
    if (this.#isStopped) return;
    this.#timer ??= this.#parts.clock.after(RETRY_MS, () => {
      this.#timer = undefined;
      if (this.#waiting.length === 0) return;
      this.tryNow();
      this.#arm();
    });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
