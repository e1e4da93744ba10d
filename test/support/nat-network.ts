import { execFileSync } from 'node:child_process';
import type { Test } from 'tap';

type Command = (program: string, ...args: readonly string[]) => [program: string, args: string[]];

/** Phones in a namespace of the test's own, behind a router with NAT. */
export interface NattedPhones {
  /** Runs a program among the phones, whose default route leads to the router. */
  readonly onPhones: Command;
  readonly phonesAddress: string;
  /** Source ports, as the phones have them, of the UDP bindings that the NAT holds now. */
  bindings(): readonly number[];
  /** The NAT forgets the binding of this phone, as a router does that restarts. */
  forget(phonePort: number): void;
}

/** Three hosts in namespaces of the test's own: phones – router with NAT – server. They are gone after the test. */
export interface NatNetwork extends NattedPhones {
  readonly onServer: Command;
  readonly serverAddress: string;
  /** What the server sees phones come from. */
  readonly natAddress: string;
}

const PHONES = '10.99.1.2';
const ROUTER_INSIDE = '10.99.1.1';
const ROUTER_OUTSIDE = '10.99.2.1';
const SERVER = '10.99.2.2';

let networksMade = 0;

/** @param udpTimeoutS after which the NAT forgets a UDP binding that nothing passes through, answered before or not. */
export function natNetwork(t: Test, udpTimeoutS: number): NatNetwork {
  networksMade += 1;
  const [router, server] = [newHost(t, 'router'), newHost(t, 'server')];
  wire([router, 'outside0', ROUTER_OUTSIDE], [server, 'server0', SERVER]);
  return {
    ...phonesBehind(t, router, 'outside0', udpTimeoutS),
    onServer: within(server),
    serverAddress: SERVER,
    natAddress: ROUTER_OUTSIDE,
  };
}

/** @param router a namespace that becomes the router, and `outside` its interface to all but the phones */
export function phonesBehind(t: Test, router: string, outside: string, udpTimeoutS: number): NattedPhones {
  const phones = newHost(t, 'phones');
  wire([phones, 'phones0', PHONES], [router, 'inside0', ROUTER_INSIDE]);
  ip(phones, 'route', 'add', 'default', 'via', ROUTER_INSIDE);
  masquerade(router, outside, udpTimeoutS);
  return {
    onPhones: within(phones),
    phonesAddress: PHONES,
    bindings: () => boundPorts(conntrack(router, '-L', '-p', 'udp')),
    forget: (port) => void conntrack(router, '-D', '-p', 'udp', '--orig-src', PHONES, '--sport', String(port)),
  };
}

function newHost(t: Test, role: string): string {
  const host = `twinreg-${role}-${String(process.pid)}-${String(networksMade)}`;
  execFileSync('ip', ['netns', 'add', host]);
  t.teardown(() => execFileSync('ip', ['netns', 'delete', host]));
  ip(host, 'link', 'set', 'lo', 'up');
  return host;
}

function masquerade(router: string, outside: string, udpTimeoutS: number): void {
  const rules = `table ip nat {
    chain leaving { type nat hook postrouting priority srcnat; oifname "${outside}" masquerade; }
  }`;
  execFileSync(...within(router)('nft', '-f', '-'), { input: rules });
  setting(router, 'ipv4/ip_forward', 1);
  // The stream timeout is for bindings that have seen packets both ways.
  setting(router, 'netfilter/nf_conntrack_udp_timeout', udpTimeoutS);
  setting(router, 'netfilter/nf_conntrack_udp_timeout_stream', udpTimeoutS);
}

type End = readonly [host: string, device: string, address: string];

function wire(a: End, b: End): void {
  execFileSync('ip', ['link', 'add', a[1], 'netns', a[0], 'type', 'veth', 'peer', 'name', b[1], 'netns', b[0]]);
  for (const [host, device, address] of [a, b]) {
    ip(host, 'address', 'add', `${address}/24`, 'dev', device);
    ip(host, 'link', 'set', device, 'up');
  }
}

function ip(host: string, ...args: readonly string[]): void {
  execFileSync('ip', ['-n', host, ...args]);
}

function within(host: string): Command {
  return (program, ...args) => ['ip', ['netns', 'exec', host, program, ...args]];
}

function setting(host: string, name: string, value: number): void {
  execFileSync(...within(host)('sh', '-c', `echo ${String(value)} > /proc/sys/net/${name}`));
}

/** It says on stderr how many flows it has shown or deleted. */
function conntrack(router: string, ...args: readonly string[]): string {
  return execFileSync(...within(router)('conntrack', ...args), { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
}

function boundPorts(flows: string): readonly number[] {
  return [...flows.matchAll(/src=10\.99\.1\.2 dst=\S+ sport=(\d+)/g)].map(([, port]) => Number(port));
}
