import { execFileSync, spawnSync } from 'node:child_process';
import type { Test } from 'tap';

/** A network namespace of the test's own, with one interface that is not loopback: some phones register from no other. */
export interface NetworkNamespace {
  readonly name: string;
  /** The IPv4 address of its interface. */
  readonly address: string;
  /** Puts a command into the namespace: `spawn(...namespace.command('baresip', '-v'))`. The process id stays the program's own. */
  command(program: string, ...args: readonly string[]): [program: string, args: string[]];
}

const ADDRESS = '10.99.0.1';
let namespacesMade = 0;

/** Why no namespace can be made here, or false. */
export function namespaceSkip(): string | false {
  if (process.getuid?.() !== 0) return 'needs root, for a network namespace';
  const probe = `twinreg-probe-${String(process.pid)}`;
  const made = spawnSync('ip', ['netns', 'add', probe]);
  if (made.error !== undefined) return 'needs ip (Debian package iproute2)';
  if (made.status !== 0) return 'needs network namespaces, which this machine does not allow';
  execFileSync('ip', ['netns', 'delete', probe]);
  return false;
}

/** Makes a namespace; it is gone after the test, with whatever interfaces it had. */
export function networkNamespace(t: Test): NetworkNamespace {
  namespacesMade += 1;
  const name = `twinreg-${String(process.pid)}-${String(namespacesMade)}`;
  execFileSync('ip', ['netns', 'add', name]);
  t.teardown(() => execFileSync('ip', ['netns', 'delete', name]));
  const ip = (...args: readonly string[]) => execFileSync('ip', ['-n', name, ...args]);
  ip('link', 'set', 'lo', 'up');
  ip('link', 'add', 'phone0', 'type', 'veth', 'peer', 'name', 'phone1');
  ip('address', 'add', `${ADDRESS}/24`, 'dev', 'phone0');
  ip('link', 'set', 'phone0', 'up');
  ip('link', 'set', 'phone1', 'up');
  return { name, address: ADDRESS, command: (program, ...args) => ['ip', ['netns', 'exec', name, program, ...args]] };
}
