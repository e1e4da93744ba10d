import { basename, join } from 'node:path';
import { canonicalAddress } from './movable-addresses.ts';
import { error, unchecked, warning, type Finding } from './finding.ts';
import type { KeepalivedConfig, TrackFile, Tracked, VrrpInstance } from './keepalived-config.ts';

export interface KeepalivedRulesFacts {
  readonly path: string;
  readonly config: KeepalivedConfig;
  /** Undefined where the configuration has problems: then nothing is said of the files in it. */
  readonly dataFolder: string | undefined;
  /** Addresses of the SIP listeners that can move; empty where the configuration is not known. */
  readonly listenAddresses: readonly string[];
  /** The host of the other node, as replication knows it; undefined where nobody said it, or it is a name. */
  readonly twinAddress: string | undefined;
  readonly ownAddresses: ReadonlySet<string>;
  readonly ownInterfaces: ReadonlySet<string>;
  /** Of these: down, or with the cable out. Nobody lists their addresses, though they have them. */
  readonly downInterfaces: ReadonlySet<string>;
}

type MovedAddressFacts = Pick<KeepalivedRulesFacts, 'path' | 'config' | 'listenAddresses'>;

const TEMPLATE = 'see keepalived/keepalived.conf of twinreg';
const ROUTER_ID_MAX = 255;
/** Three missed ones and the node has lost the address: with keepalived's usual second that takes more than three. */
const ADVERT_INT_MAX_S = 0.5;

/** Whether keepalived's configuration does what a pair needs. */
export function checkKeepalivedRules(facts: KeepalivedRulesFacts): readonly Finding[] {
  const { path, config } = facts;
  return [
    ...config.faults.map((fault) => unchecked(`a part of ${path} that is not understood here (${fault})`, TEMPLATE)),
    ...config.includes.map((name) =>
      unchecked(`${name}, which ${path} includes`, 'put what twinreg needs into the file itself'),
    ),
    ...securityFindings(facts),
    ...(config.instances.length === 0
      ? [error(`${path}: there is no vrrp_instance: nothing moves the address`, TEMPLATE)]
      : []),
    ...instancesOf(facts).flatMap((instance) => instanceFindings(instance, facts)),
  ];
}

/** Those that have the address; all, where none has it, since they have other faults too. */
function instancesOf({ config: { instances }, listenAddresses }: KeepalivedRulesFacts): readonly VrrpInstance[] {
  const own = instances.filter(({ addresses }) => has(addresses, listenAddresses));
  return own.length > 0 ? own : instances;
}

function has(addresses: readonly string[], wanted: readonly string[]): boolean {
  return addresses.some((address) => wanted.includes(canonicalAddress(address)));
}

function* securityFindings({ path, config }: KeepalivedRulesFacts): Iterable<Finding> {
  if (!config.isScriptSecurityOn) {
    yield warning(
      `${path}: enable_script_security is missing: nobody checks that others cannot change what runs as root`,
      'write enable_script_security into global_defs',
    );
  }
}

/** Whether keepalived moves what SIP is served at: most of what else is wrong with address and role follows from it. */
export function checkMovedAddress({ path, config, listenAddresses }: MovedAddressFacts): readonly Finding[] {
  const { instances } = config;
  const isMoved = instances.some(({ addresses }) => has(addresses, listenAddresses));
  if (instances.length === 0 || listenAddresses.length === 0 || isMoved) return [];
  const moved = instances.flatMap(({ addresses }) => addresses).join(', ') || 'none';
  return [
    error(
      `${path}: virtual_ipaddress is ${moved}, and SIP is served on ${listenAddresses.join(', ')}`,
      'write the same address into virtual_ipaddress and into listen, on both nodes',
    ),
  ];
}

function instanceFindings(instance: VrrpInstance, facts: KeepalivedRulesFacts): readonly Finding[] {
  const place = `${facts.path}: vrrp_instance ${instance.name}`;
  return [
    ...electionFindings(instance, place),
    ...networkFindings(instance, place, facts),
    ...notifyFindings(instance, place),
    ...fileFindings(instance, place, facts),
    ...scriptFindings(instance, place, facts),
  ];
}

function* electionFindings(instance: VrrpInstance, place: string): Iterable<Finding> {
  const { state, isNopreempt, virtualRouterId: id, advertIntS, version, garpMasterRefreshS } = instance;
  if (state !== undefined && state !== 'BACKUP') {
    yield error(
      `${place}: state is ${state}: a node that comes back takes the address`,
      'write state BACKUP on both nodes',
    );
  }
  if (!isNopreempt) {
    const what = `${place}: nopreempt is missing: the node with the greater priority takes the address back when it returns`;
    yield error(what, 'write nopreempt on both nodes');
  }
  if (id === undefined || !(id >= 1 && id <= ROUTER_ID_MAX)) {
    const what = `${place}: virtual_router_id is ${id === undefined ? 'missing' : String(id)}`;
    yield error(
      what,
      `write the same number from 1 to ${ROUTER_ID_MAX} on both nodes, which no other pair of the network has`,
    );
  }
  if (!(advertIntS <= ADVERT_INT_MAX_S)) {
    const what = `${place}: advert_int is ${advertIntS} s: a dead node is noticed after three times that`;
    yield warning(what, 'write advert_int 0.2 on both nodes');
  }
  if (advertIntS < 1 && version !== 3) {
    yield error(`${place}: advert_int ${advertIntS} needs VRRP version 3`, 'write vrrp_version 3 into global_defs');
  }
  if (!(garpMasterRefreshS > 0)) {
    const what = `${place}: vrrp_garp_master_refresh is missing: after a healed split neighbours go on sending to the wrong node`;
    yield warning(what, 'write vrrp_garp_master_refresh 1 into global_defs');
  }
}

function* networkFindings(instance: VrrpInstance, place: string, facts: KeepalivedRulesFacts): Iterable<Finding> {
  const { interface: name, unicastPeers, unicastSource } = instance;
  const { ownInterfaces, downInterfaces, ownAddresses, twinAddress } = facts;
  const isDown = name !== undefined && downInterfaces.has(name);
  if (name === undefined || !ownInterfaces.has(name)) {
    const what = `${place}: interface ${name ?? 'is missing'}${name === undefined ? '' : ' does not exist on this host'}`;
    yield error(what, 'write the interface that has the own address (ip -brief address)');
  } else if (isDown) {
    const what = `${place}: interface ${name} is down, or has no carrier: keepalived keeps the address away from this node`;
    yield error(what, `look at the cable, the switch and ip link show ${name}`);
  }
  if (!isDown && unicastSource !== undefined && !ownAddresses.has(canonicalAddress(unicastSource))) {
    const what = `${place}: unicast_src_ip ${unicastSource} is on no interface of this host`;
    yield error(what, 'write the own address of this host; the file of one node does not fit the other one');
  }
  const peers = unicastPeers.map(canonicalAddress);
  if (peers.length === 0) {
    const what = `${place}: unicast_peer is missing: the nodes find each other by multicast, which many networks drop`;
    yield warning(what, 'write the address of the other node into unicast_peer');
  } else if (peers.some((peer) => ownAddresses.has(peer))) {
    const what = `${place}: unicast_peer has an address of this host: the nodes do not hear each other, and both take the address`;
    yield error(what, 'write the address of the other node into unicast_peer');
  } else if (twinAddress !== undefined && !peers.includes(canonicalAddress(twinAddress))) {
    const what = `${place}: unicast_peer is ${unicastPeers.join(', ')}, and the other node is at ${twinAddress}`;
    yield warning(what, 'write the address of the other node into unicast_peer, unless it has several');
  }
}

const TRANSITIONS = ['notify_master', 'notify_backup', 'notify_fault', 'notify_stop'] as const;

function* notifyFindings({ notifies }: VrrpInstance, place: string): Iterable<Finding> {
  const names = new Set(notifies.map(({ name }) => name));
  if (names.has('notify')) return;
  const missing = TRANSITIONS.filter((name) => !names.has(name));
  if (missing.length === 0) return;
  const what =
    names.size === 0 ? 'notify is missing' : `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`;
  yield error(
    `${place}: ${what}: the daemon does not learn that the address moved`,
    'write notify with the path of notify.sh, which serves all transitions',
  );
}

const TRACKED = [
  ['down', 'that the daemon died is not noticed at once'],
  ['handover', 'twinreg handover moves nothing'],
] as const;

function* fileFindings(instance: VrrpInstance, place: string, facts: KeepalivedRulesFacts): Iterable<Finding> {
  const { config, dataFolder } = facts;
  if (dataFolder === undefined) return;
  for (const [name, meaning] of TRACKED) {
    const wanted = join(dataFolder, name);
    const tracked = instance.trackedFiles.find((file) => config.trackFiles.get(file.name)?.path === wanted);
    if (tracked !== undefined) {
      const weight = weightOf(tracked, config.trackFiles.get(tracked.name)?.weight ?? 1);
      if (weight === 0) continue;
      const what = `${place}: track_file ${tracked.name} has weight ${weight}: with nopreempt a changed priority moves nothing`;
      yield error(what, 'write weight 0, so that any other number than 0 is a fault');
      continue;
    }
    yield untracked(place, wanted, meaning, [...config.trackFiles]);
  }
}

function untracked(
  place: string,
  wanted: string,
  meaning: string,
  files: readonly (readonly [string, TrackFile])[],
): Finding {
  const defined = files.find(([, { path }]) => path === wanted);
  if (defined !== undefined) {
    return error(
      `${place}: ${wanted} is not tracked: there is a block track_file ${defined[0]}, which the instance does not name: ${meaning}`,
      `write ${defined[0]} into track_file { } of the instance`,
    );
  }
  const alike = files.find(([, { path }]) => basename(path) === basename(wanted));
  const found = alike === undefined ? '' : ` (it tracks ${alike[1].path})`;
  return error(
    `${place}: ${wanted} is not tracked${found}: ${meaning}`,
    'write a track_file block for it, and its name into track_file of the instance',
  );
}

/** A number that means nothing stays one, and is no 0. */
function weightOf({ weight }: Tracked, usual: number): number {
  return weight ?? usual;
}

function* scriptFindings(instance: VrrpInstance, place: string, { config }: KeepalivedRulesFacts): Iterable<Finding> {
  if (instance.trackedScripts.length === 0) {
    yield warning(`${place}: track_script is missing: a daemon that hangs keeps the address`, 'track check.sh');
  }
  for (const tracked of instance.trackedScripts) {
    const script = config.scripts.get(tracked.name);
    if (script === undefined) {
      yield error(`${place}: track_script ${tracked.name}: there is no such vrrp_script`, TEMPLATE);
      continue;
    }
    const weight = weightOf(tracked, script.weight);
    if (weight !== 0) {
      const what = `${place}: vrrp_script ${tracked.name} has weight ${weight}: with nopreempt a changed priority moves nothing`;
      yield error(what, 'leave weight away, so that a failed check is a fault');
    }
    if (!(script.fall >= 2)) {
      const what = `${place}: vrrp_script ${tracked.name} has fall ${script.fall}: one busy moment moves the address`;
      yield warning(what, 'write fall 2');
    }
    if (!script.isInitFail) {
      const what = `${place}: vrrp_script ${tracked.name} has no init_fail: until its first result a node that cannot serve may take the address`;
      yield warning(what, 'write init_fail into it');
    }
  }
}
