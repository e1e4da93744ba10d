import { readText } from './read-path.ts';

/** The network interfaces of this host, also those that are down: os.networkInterfaces() leaves them out. */
export interface Interfaces {
  readonly names: ReadonlySet<string>;
  /** Switched off, or without a carrier: a cable that is out. */
  readonly down: ReadonlySet<string>;
}

const TABLE_BYTES_MAX = 1 << 20;
const STATE_BYTES_MAX = 64;
const DOWN: ReadonlySet<string> = new Set(['down', 'lowerlayerdown', 'notpresent']);

export async function readInterfaces(): Promise<Interfaces> {
  const table = await readText('/proc/net/dev', TABLE_BYTES_MAX);
  const lines = table.kind === 'text' ? table.text.split('\n') : [];
  const names = lines.flatMap((line) => /^\s*([^\s:|]+):/.exec(line)?.[1] ?? []);
  const states = await Promise.all(names.map(stateOf));
  return { names: new Set(names), down: new Set(names.filter((_, at) => DOWN.has(states[at] ?? ''))) };
}

async function stateOf(name: string): Promise<string> {
  const state = await readText(`/sys/class/net/${name}/operstate`, STATE_BYTES_MAX);
  return state.kind === 'text' ? state.text.trim() : 'unknown';
}
