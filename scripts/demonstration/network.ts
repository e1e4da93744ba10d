import { execFileSync, spawnSync } from 'node:child_process';
import type { Command } from './child.ts';
import type { Cleanup } from './cleanup.ts';

export interface DemoHost {
  readonly address: string;
  /** Runs a program there; its process id stays the program's own. */
  readonly command: Command;
  addresses(): readonly string[];
}

export interface DemoNetwork {
  readonly one: DemoHost;
  readonly two: DemoHost;
  readonly phones: DemoHost;
  /** That no host has by itself. */
  readonly virtualAddress: string;
}

const SUBNET = '10.99.4';

/** Why no network namespaces can be made here; undefined: they can. */
export function noNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'without root there are no network namespaces';
  const probe = `twinreg-demo-${String(process.pid)}-probe`;
  const made = spawnSync('ip', ['netns', 'add', probe]);
  if (made.error !== undefined) return 'there is no command ip (Debian package iproute2)';
  if (made.status !== 0) return 'this machine allows no network namespaces';
  execFileSync('ip', ['netns', 'delete', probe]);
  return undefined;
}

/** Three hosts on one switch, each a network namespace of its own. */
export async function makeNetwork(cleanup: Cleanup): Promise<DemoNetwork> {
  const nameOf = (role: string) => `twinreg-demo-${String(process.pid)}-${role}`;
  const theSwitch = nameOf('switch');
  await addNamespace(theSwitch, cleanup);
  ip(theSwitch, 'link', 'add', 'br0', 'type', 'bridge');
  ip(theSwitch, 'link', 'set', 'br0', 'up');
  const addHost = async (role: string, number: number): Promise<DemoHost> => {
    const name = nameOf(role);
    const address = `${SUBNET}.${String(number)}`;
    await addNamespace(name, cleanup);
    execFileSync('ip', [
      'link',
      'add',
      'eth0',
      'netns',
      name,
      'type',
      'veth',
      'peer',
      'name',
      role,
      'netns',
      theSwitch,
    ]);
    ip(theSwitch, 'link', 'set', role, 'master', 'br0', 'up');
    ip(name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    ip(name, 'link', 'set', 'eth0', 'up');
    const command: Command = (program, ...args) => ['ip', ['netns', 'exec', name, program, ...args]];
    return { address, command, addresses: () => addressesOf(name) };
  };
  const network = {
    one: await addHost('one', 1),
    two: await addHost('two', 2),
    phones: await addHost('phones', 3),
    virtualAddress: `${SUBNET}.100`,
  };
  for (const { command } of [network.one, network.two]) {
    const [program, args] = command('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind');
    execFileSync(program, args);
  }
  return network;
}

async function addNamespace(name: string, cleanup: Cleanup): Promise<void> {
  execFileSync('ip', ['netns', 'add', name]);
  await cleanup.add(() => removeNamespace(name));
  ip(name, 'link', 'set', 'lo', 'up');
}

/** With whoever is still in it: a script may start another program while it is being ended. */
function removeNamespace(name: string): void {
  for (let pids = pidsIn(name); pids.length > 0; pids = pidsIn(name)) {
    for (const pid of pids) spawnSync('kill', ['-9', pid]);
  }
  execFileSync('ip', ['netns', 'delete', name]);
}

function pidsIn(name: string): readonly string[] {
  return execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).split('\n').filter(Boolean);
}

function addressesOf(name: string): readonly string[] {
  const shown = execFileSync('ip', ['-n', name, '-4', '-o', 'address', 'show', 'dev', 'eth0'], { encoding: 'utf8' });
  return [...shown.matchAll(/ inet ([\d.]+)/g)].map(([, address = '']) => address);
}

function ip(namespace: string, ...args: readonly string[]): void {
  execFileSync('ip', ['-n', namespace, ...args]);
}
