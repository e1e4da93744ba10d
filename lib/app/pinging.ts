import { join } from 'node:path';
import type { LogRoot } from './log.ts';
import type { SipAddress } from './sip-address.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { ClusterClock } from '../core/cluster-clock.ts';
import type { Random } from '../core/random.ts';
import type { LocationTable } from '../location/location-table.ts';
import { PingLatencies } from '../mi/metrics/ping-latencies.ts';
import { NatPinger } from '../pinger/nat-pinger.ts';
import { OwnSockets } from '../pinger/own-sockets.ts';
import type { PingSender, RemovalPermit } from '../pinger/ports.ts';
import type { PingerSettings } from '../pinger/settings.ts';
import type { RoleName } from '../role/role-name.ts';
import { Role } from '../role/role.ts';
import { SplitBrain } from '../role/split-brain.ts';
import { WHERE_THE_ADDRESS_IS, type FirstRole } from '../role/stored-flag.ts';
import { interfaceAddresses } from '../sip/serving/interface-addresses.ts';
import type { SipEngine } from '../sip/engine.ts';
import { PingTrace } from '../trace/ping-trace.ts';
import type { Watchers } from '../trace/watchers.ts';

const ROLE_FILE = 'role';

interface PingingParts {
  readonly config: Config;
  readonly settings: PingerSettings;
  readonly table: LocationTable;
  readonly engine: PingSender & Pick<SipEngine, 'sockets'>;
  readonly address: SipAddress;
  readonly clusterClock: ClusterClock;
  readonly watchers: Watchers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: LogRoot;
}

interface Pinging {
  readonly role: Role;
  readonly splitBrain: SplitBrain;
  readonly pinger: NatPinger;
  readonly latencies: PingLatencies;
}

/**
 * The role of this node, the pinger that follows it, and those who hear of its pings.
 *
 * @param atFirst what the node is until somebody says otherwise, if the address cannot
 */
export async function startPinging(parts: PingingParts, removal: RemovalPermit, atFirst: RoleName): Promise<Pinging> {
  const { settings, table, engine, clusterClock, clock, random, watchers, log } = parts;
  const { role, splitBrain } = await openRole(parts, atFirst);
  const pinger = new NatPinger({
    settings,
    gate: role,
    table,
    judge: table,
    removal,
    sender: engine,
    isOwnAddress: new OwnSockets({ sockets: () => engine.sockets, hostAddresses, clock }).has,
    clusterClock,
    clock,
    random,
    log: log.child('pinger'),
  });
  pinger.enrolExisting();
  table.addListener(pinger);
  role.addListener({ gateChanged: () => pinger.gateChanged() });
  const latencies = new PingLatencies();
  pinger.addObserver(latencies);
  pinger.addObserver(new PingTrace(watchers));
  return { role, splitBrain, pinger, latencies };
}

/** The role, which goes by where the address is, and hears of it before it obeys an order. */
async function openRole({ config, address, clusterClock, clock, log }: PingingParts, seedRole: RoleName) {
  const { dataFolder, nodeId, cluster } = config;
  const roleLog = log.child('role');
  const atFirst: FirstRole = cluster !== undefined && address.isFloating ? WHERE_THE_ADDRESS_IS : seedRole;
  const settings = { path: join(dataFolder, ROLE_FILE), atFirst, nodeId, address: address.rule };
  const role = await Role.open(settings, clusterClock, roleLog);
  const splitBrain = new SplitBrain(clock, roleLog);
  role.addListener(splitBrain);
  role.addListener({ ordered: () => address.look() });
  address.addListener({ changed: (isHere) => void role.addressChanged(isHere) });
  return { role, splitBrain };
}

function hostAddresses(): readonly string[] {
  return interfaceAddresses().map(({ address }) => address);
}
