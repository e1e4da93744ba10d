import { FrameSplitter } from './frame-splitter.ts';
import type { Greeting } from './greeting.ts';
import { GREETING_BYTES_MAX } from './limits.ts';

/** One connection: what has come of a frame, and who is at the other end as far as that is known. */
export interface Connection {
  readonly link: number;
  /** This node dialled it. */
  readonly dialled: boolean;
  readonly splitter: FrameSplitter;
  readonly greeting: Greeting;
  /** Monotonic: by then the other end must have proved who it is. */
  readonly deadlineMs: number;
}

export function newConnection(link: number, dialled: boolean, greeting: Greeting, deadlineMs: number): Connection {
  return { link, dialled, splitter: new FrameSplitter(GREETING_BYTES_MAX), greeting, deadlineMs };
}
