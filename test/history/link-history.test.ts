import t from 'tap';
import { LinkHistory } from '../../lib/history/link-history.ts';
import type { DirectionState, ReplicatorEvent } from '../../lib/replication/replicator-types.ts';

function heard() {
  const lines: string[] = [];
  const link = new LinkHistory({ record: (kind, text) => void lines.push(`${kind}: ${text}`) }, () => 2);
  const happened = (...events: readonly ReplicatorEvent[]) => events.forEach((event) => link.happened(event, false));
  return { link, happened, taken: () => lines.splice(0) };
}

const state = (from: DirectionState, to: DirectionState): ReplicatorEvent => ({ event: 'state', from, to });
const incoming = (from: DirectionState, to: DirectionState): ReplicatorEvent => ({ event: 'incoming-state', from, to });
const refused = (isLink: boolean): ReplicatorEvent => ({
  event: 'refused',
  by: 'twin',
  reason: 'stopping',
  text: 'node 2 stops',
  isLink,
});

t.test('a link that comes, is in sync, lags, and is in sync again', async (t) => {
  const { happened, taken } = heard();
  happened(state('down', 'connecting'), state('connecting', 'authenticating'));
  t.same(taken(), [], 'to try is no news');
  happened({ event: 'agreed' }, state('authenticating', 'lagging'), state('lagging', 'in-sync'));
  happened(incoming('lagging', 'in-sync'), state('in-sync', 'lagging'));
  t.same(taken(), [
    'link-up: to node 2',
    'in-sync: to node 2: replies here wait until it has the change',
    'in-sync: from node 2: replies there wait for this node',
    'lagging: to node 2: it does not keep up, replies here do not wait for it',
  ]);
});

t.test('why a link ended stands with its end, once', async (t) => {
  const { link, happened, taken } = heard();
  happened({ event: 'agreed' });
  taken();
  happened(refused(true), state('in-sync', 'down'), incoming('in-sync', 'down'));
  t.same(taken(), ['link-down: by node 2 (stopping): node 2 stops']);
  happened({ event: 'agreed' }, state('in-sync', 'connecting'));
  t.match(taken(), ['link-up: to node 2', /^link-down: the connection to node 2 broke: its process was killed, or /]);
  happened(state('connecting', 'down'));
  t.same(taken(), [], 'what was down is no more down by that');
  happened({ event: 'agreed' });
  link.stopping();
  happened(state('in-sync', 'down'));
  t.same(taken(), ['link-up: to node 2', 'link-down: this node stops']);
});

t.test('who is refused is told with the reason, and not again while it is no news', async (t) => {
  const { link, happened, taken } = heard();
  happened(refused(false));
  link.happened(refused(false), true);
  t.same(taken(), ['refused: by node 2 (stopping): node 2 stops']);
});

t.test('a comparison is told when something came of it', async (t) => {
  const { happened, taken } = heard();
  happened({ event: 'reconciled', tookMs: 400, received: 0, changed: 0 });
  happened({ event: 'reconciled', tookMs: 1440, received: 1200, changed: 3 });
  t.same(taken(), ['reconciled: with node 2 in 1.4 s: users that came 1200, of them different 3']);
});

t.test('a time that was taken over is told when it was far off', async (t) => {
  const { happened, taken } = heard();
  happened({ event: 'clock', shiftedMs: 40 }, { event: 'clock', shiftedMs: -61_000 });
  t.same(taken(), ["clock: the pair's time went 61.0 s back here: it is that of node 2 now"]);
});
