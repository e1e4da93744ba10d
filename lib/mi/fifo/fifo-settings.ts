/** Where the FIFO is, and where replies go. */
export interface FifoSettings {
  /** Absolute; undefined = where opensips-cli looks. There is one such place on a machine, so it may be left out. */
  readonly path: string | undefined;
  /** Permissions, such as 0o660. */
  readonly mode: number;
  /** Absolute. */
  readonly replyFolder: string;
}
