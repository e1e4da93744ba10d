/** The octet that says what a frame is. Numbers are never given a second meaning. */
export const FRAME = {
  hello: 1,
  auth: 2,
  start: 3,
  log: 4,
  ack: 5,
  heartbeat: 6,
  digests: 7,
  want: 8,
  pairs: 9,
  states: 10,
  end: 11,
  done: 12,
  goodbye: 13,
} as const;

/** u32 length of the body, u8 type. */
export const HEAD_BYTES = 5;
/** u32 CRC-32 of type and body. */
export const TAIL_BYTES = 4;
