import type { Clock, Timer } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { HandoverFile } from './handover-file.ts';

/** What a handover goes by. */
export interface HandoverView {
  /** Why it must not be tried now, a sentence; undefined: it may. */
  obstacle(): string | undefined;
  readonly isAddressHere: boolean;
  readonly isTwinActive: boolean;
  /** How people call the twin: `node 2`. */
  readonly twinName: string;
}

interface HandoverParts {
  readonly file: HandoverFile;
  readonly view: HandoverView;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears in a phrase how it goes. */
  readonly tell: (text: string) => void;
}

export type HandoverOutcome =
  /** After so long, counted from the moment when keepalived was asked. */
  | { readonly kind: 'done'; readonly addressLeftMs: number; readonly twinActiveMs: number }
  /** Nothing was tried. `reason`: a sentence. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It was tried, and given up; keepalived is free again. `reason`: a sentence, and what to look at. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Nobody may ask for more patience than this. */
export const HANDOVER_LIMIT_S_MAX = 60;

const LOOK_EVERY_MS = 20;

/** So long the address may be nowhere before it is taken back: phones have nobody meanwhile. */
const NOBODY_MAX_MS = 3000;

/** How long until a `0` that could not be written is tried again. */
const RETRY_MS = 1000;

/** A disk that hangs does not keep a node from ending. */
const STOP_MS = 1000;

/**
 * A planned switch: asks keepalived, by a file that it tracks, to give the address away, and waits until the twin has taken it. However that ends,
 * keepalived is free to do as it thinks afterwards: the file says `1` only while somebody in this process waits.
 */
export class Handover {
  readonly #parts: HandoverParts;
  /** Monotonic: since when one has been under way. */
  #sinceMs: number | undefined;
  /** The one that is under way; settles when the file says `0` again, or cannot. */
  #running: Promise<unknown> = Promise.resolve();
  #isStopped = false;
  #wake: (() => void) | undefined;
  #retry: Timer | undefined;

  constructor(parts: HandoverParts) {
    this.#parts = parts;
  }

  /** What an earlier life may have left undone is over. Never rejects: a file that cannot be written is logged, and tried again. */
  start(): Promise<void> {
    return this.#release();
  }

  /** Why it would be refused now, a sentence; undefined: it would be tried. */
  obstacle(): string | undefined {
    if (this.#isStopped) return 'this node is stopping';
    if (this.#sinceMs === undefined) return this.#parts.view.obstacle();
    const seconds = Math.round((this.#parts.clock.monotonicMs() - this.#sinceMs) / 1000);
    return `a handover is under way already, for ${String(seconds)} s`;
  }

  /** Never rejects. @param limitMs after so long it is given up */
  async run(limitMs: number): Promise<HandoverOutcome> {
    const reason = this.obstacle();
    if (reason !== undefined) return { kind: 'refused', reason };
    this.#sinceMs = this.#parts.clock.monotonicMs();
    const running = this.#carryOut(limitMs);
    this.#running = running;
    const outcome = await running;
    this.#sinceMs = undefined;
    return outcome;
  }

  /** Gives up what is under way. Resolves when the file says `0`, or soon when the disk does not answer. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake?.();
    this.#retry?.cancel();
    const patience = new Promise((resolve) => this.#parts.clock.after(STOP_MS, () => resolve(undefined)));
    await Promise.race([this.#running, patience]);
  }

  async #carryOut(limitMs: number): Promise<HandoverOutcome> {
    const { tell, view, file } = this.#parts;
    tell(`${view.twinName} is to take over`);
    // What an earlier one could not write would end this one.
    this.#retry?.cancel();
    try {
      await file.write(true);
      return this.#told(await this.#waited(limitMs));
    } catch (err) {
      const why = err instanceof Error ? err.message : String(err);
      const reason = `keepalived could not be asked: ${file.path} cannot be written: ${why}`;
      return this.#told({ kind: 'failed', reason });
    } finally {
      await this.#release();
    }
  }

  async #waited(limitMs: number): Promise<HandoverOutcome> {
    const { clock, view } = this.#parts;
    const beganMs = clock.monotonicMs();
    const sinceBegin = () => Math.round(clock.monotonicMs() - beganMs);
    let leftMs: number | undefined;
    for (;;) {
      if (this.#isStopped) return { kind: 'failed', reason: 'this node is stopping' };
      if (view.isAddressHere) leftMs = undefined;
      else leftMs ??= sinceBegin();
      if (leftMs !== undefined && view.isTwinActive) {
        return { kind: 'done', addressLeftMs: leftMs, twinActiveMs: sinceBegin() };
      }
      const endMs = leftMs === undefined ? limitMs : Math.min(limitMs, leftMs + NOBODY_MAX_MS);
      if (sinceBegin() >= endMs) return { kind: 'failed', reason: this.#failure(leftMs, sinceBegin()) };
      await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#parts.clock.after(LOOK_EVERY_MS, resolve);
    });
  }

  #failure(leftMs: number | undefined, waitedMs: number): string {
    const { view, file } = this.#parts;
    if (leftMs === undefined) {
      const why = `does keepalived run here, and does its configuration track the file ${file.path}?`;
      return `the address was still here after ${secondsText(waitedMs)}: ${why}`;
    }
    const why = 'does keepalived run there without a fault, and does its notify script reach nh_enable_ping?';
    const after = `within ${secondsText(waitedMs - leftMs)}`;
    return `the address left this host, but ${view.twinName} did not say ${after} that it is active: ${why} The address may come back here now`;
  }

  #told(outcome: HandoverOutcome): HandoverOutcome {
    const { tell, log, view } = this.#parts;
    if (outcome.kind === 'done') {
      const { addressLeftMs, twinActiveMs } = outcome;
      log.info({ addressLeftMs, twinActiveMs }, 'handover done');
      tell(
        `done: the address left after ${String(addressLeftMs)} ms, ${view.twinName} was active after ${String(twinActiveMs)} ms`,
      );
    } else {
      log.warn({ reason: outcome.reason }, 'handover given up');
      tell(`given up: ${outcome.reason}`);
    }
    return outcome;
  }

  async #release(): Promise<void> {
    const { file, log, clock } = this.#parts;
    this.#retry?.cancel();
    try {
      await file.write(false);
    } catch (err) {
      log.warn(
        { err, path: file.path },
        'the handover file cannot be written: while it says 1, keepalived gives this node no address',
      );
      if (!this.#isStopped) this.#retry = clock.after(RETRY_MS, () => void this.#release());
    }
  }
}

function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
