/** Why a request cannot be served, as the status and reason that its sender gets. A value, not an exception: bad input is normal. */
export class Fault {
  readonly status: number;
  /** Goes into the reason phrase; ASCII, no line ends, no text of the sender. */
  readonly reason: string;
  /** Further headers of the reply, e.g. Unsupported for 420. */
  readonly headers: readonly SipHeader[];

  constructor(status: number, reason: string, headers: readonly SipHeader[] = []) {
    this.status = status;
    this.reason = reason;
    this.headers = headers;
  }
}

/** A header of a reply: the name as it is written, the value as a byte string without line ends. */
export type SipHeader = readonly [name: string, value: string];
