import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import type { NameLookup } from './name-cache.ts';

/** What the system says to a name that ends in a dot. */
type AbsoluteLookup = (name: string) => Promise<readonly { readonly address: string }[]>;

/**
 * The system's own way, the hosts file and then DNS, since operators write the names of their proxies where all their programs
 * find them; but without search domains. A wildcard in one of these would give each name that does not exist an address,
 * and a contact would be judged by pings that went to a stranger. A dot at the end of the name keeps them out, and hides the hosts
 * file from the C library, so that it is read here.
 *
 * It blocks a thread of node's pool, but libuv never gives more than half of that pool to it, and an answer is nothing that
 * anybody waits for here.
 */
export function systemLookup(hostsFile = '/etc/hosts', ask: AbsoluteLookup = askSystem): NameLookup {
  return async (name) => {
    const absolute = name.endsWith('.') ? name : `${name}.`;
    // Without a hosts file there is only DNS.
    const hosts = await readFile(hostsFile, 'latin1').catch(() => '');
    const listed = addressesIn(hosts, absolute.slice(0, -1));
    return listed.length > 0 ? listed : (await ask(absolute)).map(({ address }) => address);
  };
}

function askSystem(name: string): ReturnType<AbsoluteLookup> {
  return lookup(name, { all: true, order: 'verbatim' });
}

/** hosts(5): an address and its names on each line, up to a `#`. @param name in lower case */
function addressesIn(hosts: string, name: string): readonly string[] {
  const found: string[] = [];
  for (const line of hosts.toLowerCase().split('\n')) {
    if (!line.includes(name)) continue;
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address !== undefined && names.includes(name)) found.push(address);
  }
  return found;
}
