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
