import type { CliEdges } from './cli-command.ts';
import { callMi, MiRefusal } from './mi-client.ts';
import { NoDaemon } from './no-daemon.ts';

/** What became of other rows in the daemon. */
export type Reloaded =
  | { readonly kind: 'reloaded' | 'not-running' | 'no-cluster' }
  /** The daemon goes on with the rows that it had. */
  | { readonly kind: 'refused'; readonly reason: string };

const OK: Reloaded = { kind: 'reloaded' };
const NOT_FOUND = -32601;
const GOES_ON = 'the daemon goes on with the rows that it had';

/** Tells the daemon to read the table again, if one runs. */
export async function clusterReloaded(socketPath: string, { clock }: CliEdges): Promise<Reloaded> {
  try {
    await callMi(socketPath, 'clusterer_reload', {}, clock);
    return OK;
  } catch (err) {
    if (err instanceof NoDaemon) return { kind: 'not-running' };
    if (!(err instanceof MiRefusal)) throw err;
    if (err.code === NOT_FOUND || err.message === 'Clustering not enabled') return { kind: 'no-cluster' };
    return { kind: 'refused', reason: err.message };
  }
}

/**
 * What to do next, a line each.
 * @param said what was said before; the daemon's reason is left out where it is the same
 */
export function nextSteps(reloaded: Reloaded, said: readonly string[]): readonly string[] {
  return [daemonText(reloaded, said), 'the other node needs the same rows: run this command there too'];
}

function daemonText(reloaded: Reloaded, said: readonly string[]): string {
  switch (reloaded.kind) {
    case 'reloaded':
      return 'the daemon has read the table again';
    case 'not-running':
      return 'the daemon is not running; it reads the table when it starts';
    case 'no-cluster':
      return 'the daemon that runs is in no cluster; restart it when usrloc.working_mode_preset is full-sharing-cluster';
    case 'refused':
      return said.some((line) => reloaded.reason.includes(line)) ? GOES_ON : `${GOES_ON}: ${reloaded.reason}`;
  }
}
