import { networkInterfaces } from 'node:os';

/** An address of one of this host's interfaces. */
export interface InterfaceAddress {
  readonly address: string;
  /** On a loopback interface. */
  readonly internal: boolean;
}

let seenLast: readonly InterfaceAddress[] = [];

/**
 * As of now. The system answers by a socket: a process that has no file descriptor left, for connections mostly, gets no
 * answer, and goes by the last one.
 */
export function interfaceAddresses(): readonly InterfaceAddress[] {
  try {
    seenLast = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  } catch (err) {
    if (!(err instanceof Error && 'code' in err && err.code === 'ERR_SYSTEM_ERROR')) throw err;
  }
  return seenLast;
}
