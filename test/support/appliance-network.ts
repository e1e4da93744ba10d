import { execFileSync } from 'node:child_process';
import type { Test } from 'tap';
import { requireTool } from './require-tool.ts';
import { namespaceSkip } from './network-namespace.ts';
import type { NodeId } from './pair.ts';

export type Command = (program: string, ...args: readonly string[]) => [program: string, args: string[]];

/** A machine of the network: a namespace with one interface, `eth0`, that hangs on the switch. */
export interface Host {
  /** Of the namespace. */
  readonly name: string;
  readonly address: string;
  /** Puts a command into the namespace; the process id stays the program's own. */
  readonly within: Command;
  /** The addresses that its interface has now. */
  addresses(): readonly string[];
  /** The cable is pulled out, and put in again. */
  linkDown(): void;
  linkUp(): void;
}

/** Two nodes and a client on one switch, each in a namespace of its own. All of it is gone after the test, with every process that runs there. */
export interface ApplianceNetwork {
  readonly nodes: Readonly<Record<NodeId, Host>>;
  readonly client: Host;
  /** An address of this network that no host has by itself. */
  readonly virtualAddress: string;
  /** The nodes hear each other no more; the client still hears both. */
  cut(): void;
  heal(): void;
}

/** Of one /24. */
export interface Addresses {
  readonly 1: string;
  readonly 2: string;
  readonly client: string;
  /** The one that no host has by itself. */
  readonly virtual: string;
}

const ADDRESSES: Addresses = { 1: '10.99.3.1', 2: '10.99.3.2', client: '10.99.3.3', virtual: '10.99.3.100' };
let networksMade = 0;

/** Why no such network can be made here, or false. */
export function applianceSkip(): string | false {
  const tools = [
    requireTool('keepalived'),
    requireTool('tcpdump'),
    requireTool('bridge', 'iproute2'),
    requireTool('curl'),
    requireTool('flock', 'util-linux'),
  ];
  return tools.find(({ skip }) => skip !== false)?.skip ?? namespaceSkip();
}

/** @param bindsAnyAddress `net.ipv4.ip_nonlocal_bind` of both nodes */
export function applianceNetwork(t: Test, bindsAnyAddress: boolean, addresses = ADDRESSES): ApplianceNetwork {
  networksMade += 1;
  const nameOf = (role: string) => `twinreg-${role}-${String(process.pid)}-${String(networksMade)}`;
  const theSwitch = nameOf('switch');
  addNamespace(t, theSwitch);
  ip(theSwitch, 'link', 'add', 'br0', 'type', 'bridge');
  ip(theSwitch, 'link', 'set', 'br0', 'up');
  const host = (role: string, address: string): Host => {
    const name = nameOf(role);
    addNamespace(t, name);
    plug(theSwitch, name, role, address);
    return hostOf(theSwitch, name, role, address);
  };
  const nodes = { 1: host('one', addresses[1]), 2: host('two', addresses[2]) };
  for (const { within } of Object.values(nodes)) {
    const value = bindsAnyAddress ? '1' : '0';
    execFileSync(...within('sh', '-c', `echo ${value} > /proc/sys/net/ipv4/ip_nonlocal_bind`));
  }
  const isolate = (isIsolated: string) => {
    for (const port of ['one', 'two']) bridge(theSwitch, 'link', 'set', 'dev', port, 'isolated', isIsolated);
  };
  return {
    nodes,
    client: host('client', addresses.client),
    virtualAddress: addresses.virtual,
    cut: () => isolate('on'),
    heal: () => isolate('off'),
  };
}

function addNamespace(t: Test, name: string): void {
  execFileSync('ip', ['netns', 'add', name]);
  t.teardown(() => {
    for (let pids = pidsIn(name); pids.length > 0; pids = pidsIn(name)) pids.forEach(killHard);
    execFileSync('ip', ['netns', 'delete', name]);
  });
  ip(name, 'link', 'set', 'lo', 'up');
}

function plug(theSwitch: string, name: string, port: string, address: string): void {
  execFileSync('ip', ['link', 'add', 'eth0', 'netns', name, 'type', 'veth', 'peer', 'name', port, 'netns', theSwitch]);
  ip(theSwitch, 'link', 'set', port, 'master', 'br0', 'up');
  ip(name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
  ip(name, 'link', 'set', 'eth0', 'up');
}

function hostOf(theSwitch: string, name: string, port: string, address: string): Host {
  return {
    name,
    address,
    within: (program, ...args) => ['ip', ['netns', 'exec', name, program, ...args]],
    addresses: () => addressesOf(name),
    linkDown: () => ip(theSwitch, 'link', 'set', port, 'down'),
    linkUp: () => ip(theSwitch, 'link', 'set', port, 'up'),
  };
}

function addressesOf(name: string): readonly string[] {
  const shown = execFileSync('ip', ['-n', name, '-4', '-o', 'address', 'show', 'dev', 'eth0'], { encoding: 'utf8' });
  return [...shown.matchAll(/ inet ([\d.]+)/g)].map(([, address = '']) => address);
}

function pidsIn(name: string): readonly number[] {
  const pids = execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
  return pids.split('\n').filter(Boolean).map(Number);
}

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function ip(namespace: string, ...args: readonly string[]): void {
  execFileSync('ip', ['-n', namespace, ...args]);
}

function bridge(namespace: string, ...args: readonly string[]): void {
  execFileSync('bridge', ['-n', namespace, ...args]);
}
