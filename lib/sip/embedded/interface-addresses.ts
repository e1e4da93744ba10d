import { networkInterfaces } from 'node:os';

/** An address of one of this host's interfaces. */
export interface InterfaceAddress {
  readonly address: string;
  /** On a loopback interface. */
  readonly internal: boolean;
}

/** As of now. */
export function interfaceAddresses(): readonly InterfaceAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}
