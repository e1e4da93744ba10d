import t from 'tap';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { removeLeftoverNamespaces } from '../../scripts/dev/leftover-namespaces.ts';
import { namespaceSkip } from '../support/network-namespace.ts';

t.test(
  'namespaces of dead tests go, with the processes in them; those of living ones stay',
  { skip: namespaceSkip() },
  async (t) => {
    const dead = spawnSync('true').pid;
    const [left, used] = [`twinreg-left-${String(dead)}-1`, `twinreg-used-${String(process.pid)}-1`];
    for (const name of [left, used]) execFileSync('ip', ['netns', 'add', name]);
    t.teardown(() => execFileSync('ip', ['netns', 'delete', used]));
    const inside = spawn('ip', ['netns', 'exec', left, 'sleep', '600']);
    const ended = once(inside, 'exit');
    while (execFileSync('ip', ['netns', 'pids', left]).toString() === '') await new Promise(setImmediate);

    const removed = removeLeftoverNamespaces();
    t.ok(removed.includes(left));
    t.notOk(removed.includes(used));
    const [, signal] = (await ended) as [number | null, string | null];
    t.equal(signal, 'SIGKILL');
    const there = execFileSync('ip', ['netns', 'list']).toString();
    t.notMatch(there, left);
    t.match(there, used);
  },
);
