/** What the other end may do wrong, in the words that management and the log show. */
export type ProtocolErrorCode =
  /** A frame is longer than any may be. */
  | 'frame-too-long'
  /** The check sum of a frame is not that of its octets. */
  | 'frame-damaged'
  /** A frame of a type that this version does not know. */
  | 'frame-unknown'
  /** A frame ends before what it should hold, or goes on behind it. */
  | 'frame-malformed'
  /** A frame that has no place at this point. */
  | 'frame-unexpected'
  /** A log frame that does not follow the one before it. */
  | 'log-gap'
  /** A record that no node of the cluster can have made. */
  | 'record-invalid';

/** The other end broke the protocol: its connection is closed, and nothing else happens. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
