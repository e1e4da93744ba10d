import { FRAME } from './frame-type.ts';
import { frame } from './frames.ts';
import type { WireReader } from './wire-reader.ts';

/** Why a connection is ended, by its number on the wire. Numbers are never given a second meaning. */
export const GOODBYE_REASONS = [
  'stopping',
  'protocol-error',
  'protocol-version',
  'wrong-cluster',
  'unknown-node',
  'same-node-id',
  'wrong-secret',
  'horizon',
  'key-rules',
  'clock',
  'duplicate',
  'replaced',
  'timeout',
  'log-overrun',
  'disabled',
  'too-many',
] as const;

export type GoodbyeReason = (typeof GOODBYE_REASONS)[number];

/** The last frame of a connection: a word for programs, a sentence for people. */
export interface Goodbye {
  readonly reason: GoodbyeReason;
  readonly text: string;
}

const TEXT_BYTES_MAX = 512;

export function goodbyeFrame({ reason, text }: Goodbye): Buffer {
  return frame(FRAME.goodbye, (out) => {
    out.u8(GOODBYE_REASONS.indexOf(reason) + 1);
    out.text(text.slice(0, TEXT_BYTES_MAX));
  });
}

/** An unknown number comes from a later version; its sentence still says what it means. */
export function readGoodbye(reader: WireReader): Goodbye {
  const reason = GOODBYE_REASONS[reader.u8() - 1] ?? 'protocol-error';
  // Strangers say goodbye too, and operators read it on a terminal.
  return {
    reason,
    text: reader
      .text()
      .slice(0, TEXT_BYTES_MAX)
      .replaceAll(/[^\x20-\x7e]/g, '?'),
  };
}
