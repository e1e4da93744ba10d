import type { Config } from '../config/config.ts';
import { movableAddresses } from './movable-addresses.ts';
import { statusIn, UNLINKED, type DaemonAnswer, type DaemonStatus } from './daemon-answer.ts';
import { error, type Finding } from './finding.ts';

export interface AddressFacts {
  readonly config: Pick<Config, 'listen' | 'cluster'>;
  readonly answer: DaemonAnswer;
  readonly ownAddresses: ReadonlySet<string>;
  /** Those that keepalived moves, as far as its configuration was found. */
  readonly virtualAddresses: readonly string[];
}

/** The address is bound at once when it arrives, and the role follows it; what takes longer stays so. */
const BIND_PATIENCE_MS = 2000;

/** Whether the role and the address that phones register at are on the same node, and phones are served there. */
export function checkAddress(facts: AddressFacts): readonly Finding[] {
  const status = statusIn(facts.answer);
  if (status?.role === undefined || facts.config.cluster === undefined) return [];
  const addresses = movableAddresses(facts.config);
  const moved = addresses.filter((address) => facts.virtualAddresses.includes(address));
  const followed = moved.length > 0 ? moved : addresses;
  const absent = followed.filter((address) => !facts.ownAddresses.has(address));
  const isAllHere = followed.length > 0 && absent.length === 0;
  const isAnotherMoved = moved.length === 0 && facts.virtualAddresses.length > 0;
  return [
    ...nobodyFindings(status),
    ...roleFindings(status, { moved, followed, absent, isAllHere, isAnotherMoved }),
    ...(isAllHere || status.role.address_here ? bindFindings(status) : []),
  ];
}

/** Where the addresses are that the role should be with. */
interface Whereabouts {
  /** Those that keepalived moves. */
  readonly moved: readonly string[];
  readonly followed: readonly string[];
  /** Of these: not on this host. */
  readonly absent: readonly string[];
  readonly isAllHere: boolean;
  /** keepalived moves other addresses, and none of these. */
  readonly isAnotherMoved: boolean;
}

function* nobodyFindings({ role, replication }: DaemonStatus): Iterable<Finding> {
  if (role?.active !== false || replication?.twin_active !== false || UNLINKED.has(replication.outgoing)) return;
  const twin = `node ${replication.twin_id ?? 'unknown'}`;
  yield error(
    `nobody is active, neither this node nor ${twin}: no phone is pinged, and whoever has the address may not serve it`,
    'on both nodes: what does twinreg doctor say, is the address of listen there (ip -brief address), and does keepalived run (systemctl status keepalived)? Where the address is, nh_enable_ping has to be 1',
  );
}

function* roleFindings({ role, replication }: DaemonStatus, where: Whereabouts): Iterable<Finding> {
  if (role === undefined) return;
  const { moved, followed, absent, isAllHere, isAnotherMoved } = where;
  const isTwinActive = replication?.twin_active === true;
  // Of an address that keepalived does not move its scripts say nothing.
  if (role.flag && absent.length > 0 && !isAnotherMoved) yield roleWithoutAddress(absent.join(', '));
  if (!role.flag && isAllHere && !isTwinActive) yield addressWithoutRole(followed.join(', '));
  // Addresses that nobody moves are on both nodes as they should be.
  const left = moved.filter((address) => !absent.includes(address));
  if (!role.flag && isTwinActive && left.length > 0) yield addressOnBoth(left.join(', '));
  if (role.other_active !== undefined) yield bothActive(role.other_active, role.yielding);
}

function bindFindings({ listen_waiting: waiting = [] }: DaemonStatus): readonly Finding[] {
  const failing = waiting.filter(({ for_ms: forMs }) => forMs > BIND_PATIENCE_MS);
  return failing.map(({ socket, reason }) => notBound(socket, reason));
}

function notBound(socket: string, reason: string): Finding {
  return error(
    `the address is here, and ${socket} cannot be opened: ${reason}`,
    'end what else has the port (ss -lnup, ss -lntp); the daemon tries again by itself',
  );
}

function roleWithoutAddress(addresses: string): Finding {
  return error(
    `nh_enable_ping is 1 here, and ${addresses} is on no interface of this host: nobody is pinged from here`,
    'look why keepalived did not call notify.sh (journalctl -t twinreg-notify); to mend it now: twinreg ping off',
  );
}

function addressWithoutRole(addresses: string): Finding {
  return error(
    `${addresses} is on this node, and nh_enable_ping is 0: no phone is pinged, and NAT bindings close`,
    'look why keepalived did not call notify.sh (journalctl -t twinreg-notify); to mend it now: twinreg ping on',
  );
}

function addressOnBoth(addresses: string): Finding {
  return error(
    `${addresses} is on this node, and the other node, which is active, has it too: phones reach one of the two`,
    `${HEAR_EACH_OTHER} When they do, ${TAKE_AWAY} on this node`,
  );
}

/** A keepalived that is killed leaves its addresses where they are; the next one takes them away when it starts. */
const TAKE_AWAY = 'restart keepalived (systemctl restart keepalived), which takes the address away,';

/** Why both have it: each takes the other one for dead, or one cannot give it up any more. */
const HEAR_EACH_OTHER =
  'does a firewall let IP protocol 112 (VRRP) through both ways, does unicast_peer name the other node on each, and does keepalived run on both?';

function bothActive(other: number, isYielding: boolean): Finding {
  const who = isYielding ? 'this node yields' : `node ${other} yields`;
  return error(
    `both nodes are active: node ${other} has the role too, and ${who}`,
    `${HEAR_EACH_OTHER} Where it was killed or hangs, or else on the node that should be passive, ${TAKE_AWAY} and then say twinreg ping off there`,
  );
}
