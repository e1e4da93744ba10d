import { isIPv6 } from 'node:net';
import type { Config } from '../config/config.ts';
import { isLoopback } from '../core/is-loopback.ts';
import { nodeUrlText } from '../core/node-url.ts';
import { canonicalAddress, movableAddresses, WILDCARDS } from './movable-addresses.ts';
import { error, info, unchecked, warning, type Finding } from './finding.ts';
import { readText } from './read-path.ts';

export interface KernelFacts {
  readonly config: Pick<Config, 'listen' | 'sip' | 'cluster'>;
  /** Addresses of this host's interfaces. */
  readonly ownAddresses: ReadonlySet<string>;
  /** Settings as `/proc/sys` has them, by their names; undefined where they could not be read. */
  readonly settings: ReadonlyMap<string, number | undefined>;
}

const RMEM_MAX = 'net.core.rmem_max';
const NONLOCAL_BIND = { ipv4: 'net.ipv4.ip_nonlocal_bind', ipv6: 'net.ipv6.ip_nonlocal_bind' } as const;
const VALUE_BYTES_MAX = 64;

export async function readKernelFacts(config: Config, ownAddresses: ReadonlySet<string>): Promise<KernelFacts> {
  const names = [RMEM_MAX, NONLOCAL_BIND.ipv4, NONLOCAL_BIND.ipv6];
  const read = async (name: string) => [name, await setting(name)] as const;
  return { config, ownAddresses, settings: new Map(await Promise.all(names.map(read))) };
}

async function setting(name: string): Promise<number | undefined> {
  const found = await readText(`/proc/sys/${name.replaceAll('.', '/')}`, VALUE_BYTES_MAX);
  return found.kind === 'text' ? Number(found.text.trim()) : undefined;
}

/** Kernel settings that the configuration needs. */
export function checkKernel(facts: KernelFacts): readonly Finding[] {
  return [...bufferFindings(facts), ...bindFindings(facts), ...replicationFindings(facts)];
}

function* bufferFindings({ config, settings }: KernelFacts): Iterable<Finding> {
  const { udp_receive_buffer: wanted, engine } = config.sip;
  // drachtio-server's sockets are looked at themselves.
  if (engine === 'drachtio' || wanted === 0 || !config.listen.some(({ transport }) => transport === 'udp')) return;
  const most = settings.get(RMEM_MAX);
  if (most === undefined) {
    yield unchecked(
      `${RMEM_MAX} (cannot be read here)`,
      `compare sysctl ${RMEM_MAX} with ${wanted} on the host itself`,
    );
  } else if (most < wanted) {
    yield warning(
      `${RMEM_MAX} is ${most}, and sip.udp_receive_buffer asks for ${wanted}: a burst of requests is dropped that the larger buffer would hold`,
      `put "${RMEM_MAX} = ${wanted}" into /etc/sysctl.d/twinreg.conf, run sysctl --system and restart the daemon`,
    );
  }
}

function* bindFindings({ config, ownAddresses, settings }: KernelFacts): Iterable<Finding> {
  // drachtio-server binds before its first request, or not at all; a node that has the address today starts without it tomorrow.
  const isServer = config.sip.engine === 'drachtio' && config.cluster !== undefined;
  for (const address of movableAddresses(config).filter((own) => isServer || !ownAddresses.has(own))) {
    const name = NONLOCAL_BIND[isIPv6(address) ? 'ipv6' : 'ipv4'];
    const value = settings.get(name);
    if (value === undefined) {
      yield unchecked(`${name} (cannot be read here)`, `look at sysctl ${name} on the host itself`);
    } else if (config.cluster === undefined) {
      yield error(
        `the listener's address ${address} is on no interface of this host`,
        'give it to an interface, or name an address of this host in listen',
      );
    } else if (value === 0 && isServer) {
      yield error(
        `${name} is 0: drachtio-server does not start on a node that has not got ${address}`,
        `put "${name} = 1" into /etc/sysctl.d/drachtio.conf and run sysctl --system, on both nodes`,
      );
    } else if (value === 0) {
      yield info(
        `${address} is not on this node now and ${name} is 0: the daemon binds it when it arrives, which works`,
        `nothing; to have its sockets open beforehand, put "${name} = 1" into /etc/sysctl.d/twinreg.conf`,
      );
    }
  }
}

/** With ip_nonlocal_bind the kernel binds an address that nobody can reach, and the daemon knows no better. */
function* replicationFindings({ config, ownAddresses }: KernelFacts): Iterable<Finding> {
  if (config.cluster === undefined) return;
  const { listen } = config.cluster;
  const address = canonicalAddress(listen.address);
  if (WILDCARDS.has(address) || isLoopback(address) || ownAddresses.has(address)) return;
  yield error(
    `listen: ${nodeUrlText({ ...listen, host: listen.address })} is on no interface of this host that is up: the other node cannot reach it`,
    'write the own address of this host into listen (ip -brief address), and into the row of this node (twinreg cluster list)',
  );
}
