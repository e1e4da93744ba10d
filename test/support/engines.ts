import type { Test } from 'tap';
import type { Command } from './appliance-network.ts';
import { applianceServer } from './drachtio/appliance-server.ts';
import { DOUBLE_COMMAND, DrachtioProcess, realDrachtio } from './drachtio/drachtio-process.ts';
import type { DrachtioServer } from './drachtio/place.ts';

/** Where a daemon's SIP comes from. */
export interface TestEngine {
  readonly name: string;
  /** REGISTERs that each of two nodes on a machine bears while the other one bears as many, and the phones that send them. */
  readonly load: { readonly perSecond: number; readonly phones: number };
  /** Of what phones were told other than 200, what is not due while their node is killed, hung, or not trusted yet since it hung. */
  unexpected(refusals: readonly string[]): readonly string[];
  /** For so long a ping that nobody answers may be sent again. */
  readonly pingsAgainForMs: number;
  /**
   * The drachtio-server at this place, which stays while the node is started again there; undefined where the daemon opens the sockets itself.
   * @param within the host that it runs on, if not here
   */
  serverAt(t: Test, address: string, port: number, within?: Command): Promise<DrachtioServer | undefined>;
}

export const EMBEDDED: TestEngine = {
  name: 'embedded engine',
  pingsAgainForMs: 0,
  load: { perSecond: 2000, phones: 2000 },
  unexpected: (refusals) => refusals,
  serverAt: () => Promise.resolve(undefined),
};

/** A server sends a ping again for so long, and repeats its answers for so long. What was with a daemon that went it keeps for 64 seconds in any case. */
const TIMERS = { t1x64Ms: 4000 };

const real = realDrachtio();

/** A real drachtio-server where there is one, else the double. */
export const DRACHTIO: TestEngine = {
  name: real.skip === false ? 'real drachtio-server' : 'double of drachtio-server',
  pingsAgainForMs: TIMERS.t1x64Ms,
  load: { perSecond: 500, phones: 500 },
  // The server lives on without its daemon, and says that it has nobody to ask. What the registrar refuses says why.
  unexpected: (refusals) =>
    refusals.filter(
      (text) => !text.startsWith('SIP/2.0 503 Service Unavailable\r\n') || text.includes('\r\nP-Registrar-Error:'),
    ),
  serverAt: (t, address, port, within) => {
    const place = JSON.stringify([within?.(''), address, port]);
    const running = servers.get(place);
    if (running !== undefined) return running;
    const server = DrachtioProcess.start(t, real.skip === false ? real.command : DOUBLE_COMMAND, {
      address,
      sipPort: port,
      timers: TIMERS,
      ...(within === undefined ? {} : applianceServer(within)),
    });
    servers.set(place, server);
    t.teardown(() => servers.delete(place));
    return server;
  },
};

/** What runs end to end runs on each of them. */
export const ENGINES: readonly TestEngine[] = [EMBEDDED, DRACHTIO];

const servers = new Map<string, Promise<DrachtioServer>>();

/** The keys of `sip` for a node behind this server. */
export function sipKeys({ adminAddress, adminPort, secret }: DrachtioServer): string {
  return `engine: drachtio, drachtio_host: ${adminAddress}, drachtio_port: ${String(adminPort)}, drachtio_secret: ${secret}`;
}
