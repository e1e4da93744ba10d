import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sipSection, startFront, type DrachtioFront } from './drachtio-front.ts';
import { untilEachShowsTheOther } from './replicates.ts';
import { LOAD_CORE, type Place, type Server, type StartPair, type StartServer } from './server.ts';
import { alone, startedServer } from './started-server.ts';
import { pairNodes, startNode, type PairNode } from './twinreg-pair.ts';
import { shortName, startTwinregAt, type Persistence } from './twinreg.ts';

/** A registrar, and, told apart from it, the drachtio-server in front of it: none with the embedded engine. */
export interface FrontedServer extends Server {
  frontPids(): readonly number[];
}

/** What is compared in the section about drachtio-server. */
export interface Contestant {
  readonly name: string;
  /** The load goes here. */
  readonly active: FrontedServer;
  readonly passive: FrontedServer | undefined;
  stop(): Promise<void>;
}

export type StartContestant = (folder: string, port: number) => Promise<Contestant>;

/**
 * drachtio-server has the first core for itself, since it bounds the rate of all that stand behind it; these share the second one with the
 * load. The embedded engine has the first core, as in the rest of the bench.
 */
function behind(place: Place): Place {
  return { ...place, core: LOAD_CORE };
}

const APP = fileURLToPath(new URL('drachtio-app.ts', import.meta.url));
const APP_NAME = 'drachtio-srf app of ten lines';

export const startApp: StartContestant = (_folder, port) =>
  single(APP_NAME, alone(port), ({ host, port: adminPort, secret }) =>
    startedServer(APP_NAME, behind(alone(port)), [process.execPath, APP, host, String(adminPort), secret]),
  );

/** One node of our own behind a drachtio-server, pinging every contact once in `natpingIntervalS`; 0 = nobody. */
export function startBehind(persistence: Persistence, natpingIntervalS = 0): StartContestant {
  return (folder, port) =>
    single(`twinreg drachtio, ${shortName(persistence)}`, alone(port), (front) =>
      startTwinregAt(folder, behind(alone(port)), { persistence, natpingIntervalS, sip: sipSection(front) }),
    );
}

/** An in-sync pair with write-back, each node behind a drachtio-server of its own. */
export const startPairBehind: StartContestant = async (folder, port) => {
  const { active, passive } = pairNodes(port);
  const nodes: FrontedServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    const first = await startPairNode(join(folder, 'active'), active, passive);
    nodes.push(first);
    const second = await startPairNode(join(folder, 'passive'), passive, active);
    nodes.push(second);
    await untilEachShowsTheOther(first, second);
    return { name: 'twinreg drachtio pair, write-back', active: first, passive: second, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

function startPairNode(folder: string, own: PairNode, other: PairNode): Promise<FrontedServer> {
  const place = behind(own.place);
  return fronted(own.place, (front) =>
    startNode(folder, 'sql-write-back', { ...own, place }, other, sipSection(front)),
  );
}

export function unfronted(start: StartServer): StartContestant {
  return async (folder, port) => {
    const server = await start(folder, port);
    return { name: `${server.name}, embedded`, active: withoutFront(server), passive: undefined, stop: server.stop };
  };
}

export function unfrontedPair(start: StartPair): StartContestant {
  return async (folder, port) => {
    const { name, active, passive, stop } = await start(folder, port);
    return { name: `${name}, embedded`, active: withoutFront(active), passive: withoutFront(passive), stop };
  };
}

async function single(
  name: string,
  place: Place,
  start: (front: DrachtioFront) => Promise<Server>,
): Promise<Contestant> {
  const active = await fronted(place, start);
  return { name, active, passive: undefined, stop: active.stop };
}

/** A server and what stands in front of it: the front starts first and ends last, and does not outlive a failed start. */
async function fronted(place: Place, start: (front: DrachtioFront) => Promise<Server>): Promise<FrontedServer> {
  const front = await startFront(place);
  try {
    const server = await start(front);
    const stop = async (): Promise<void> => {
      await server.stop();
      await front.stop();
    };
    return { ...server, frontPids: front.pids, stop };
  } catch (error) {
    await front.stop();
    throw error;
  }
}

function withoutFront(server: Server): FrontedServer {
  return { ...server, frontPids: () => [] };
}
