import { readFileSync } from 'node:fs';
import { DOUBLE_COMMAND, DrachtioProcess, realDrachtio } from '../../test/support/drachtio/drachtio-process.ts';
import { processTree } from './proc.ts';
import type { Place } from './server.ts';

const real = realDrachtio();

/** What stands in front: to be said with every figure, since what a double costs says nothing about drachtio-server. */
export const FRONT_NAME =
  real.skip === false
    ? 'real drachtio-server'
    : 'NO REAL drachtio-server: A DOUBLE IN NODE, WHOSE COST MEANS NOTHING (set DRACHTIO_BIN to the program)';

/** A drachtio-server that has the socket of a registrar. */
export interface DrachtioFront {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  pids(): readonly number[];
  stop(): Promise<void>;
}

/** Starts one that has SIP and its admin port at the address of this place. */
export async function startFront({ address, port, core }: Place): Promise<DrachtioFront> {
  const endings: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  const owner = { teardown: (end: () => unknown) => void endings.push(end) };
  try {
    const server = await DrachtioProcess.start(owner, real.skip === false ? real.command : DOUBLE_COMMAND, {
      address,
      sipPort: port,
      within: (program, ...args) => ['taskset', ['-c', core, program, ...args]],
    });
    const { adminAddress: host, adminPort, secret } = server;
    return { host, port: adminPort, secret, pids: () => processTree(server.pid), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The keys of `sip` for a node behind it. */
export function sipSection({ host, port, secret }: DrachtioFront): string {
  return `sip: {engine: drachtio, drachtio_host: ${host}, drachtio_port: ${port}, drachtio_secret: ${secret}}\n`;
}

/** drachtio-server asks for more and does not get it: what its UDP socket has is the system's default. */
export function receiveBufferBytes(): number {
  return Number(readFileSync('/proc/sys/net/core/rmem_default', 'latin1'));
}
