import t, { type Test } from 'tap';
import { handoverCommands } from '../../lib/mi/commands/handover.ts';
import type { HandoverOutcome } from '../../lib/role/handover.ts';
import { commandLine } from './support/command-line.ts';
import { miServer } from './support/mi-server.ts';

async function daemonIn(t: Test, outcome: HandoverOutcome, obstacle?: string) {
  const limits: number[] = [];
  const run = (limitMs: number) => {
    limits.push(limitMs);
    return Promise.resolve(outcome);
  };
  const { folder } = await miServer(t, handoverCommands({ obstacle: () => obstacle, run }));
  return { handover: (...words: readonly string[]) => commandLine(['handover', ...words, '--data', folder]), limits };
}

const DONE: HandoverOutcome = { kind: 'done', addressLeftMs: 40, twinActiveMs: 300 };

t.test('it says how it goes, and how long it took', async (t) => {
  const { handover, limits } = await daemonIn(t, DONE);
  t.match(await handover(), {
    code: 0,
    out: /^the other node is linked, in sync and ready; asking keepalived .*…\nthe address left after 40 ms, the other node was active after 300 ms: done\n$/,
  });
  t.match(await handover('--json', '--timeout', '3'), {
    code: 0,
    out: '{"address_left_ms":40,"twin_active_ms":300}\n',
  });
  t.same(limits, [10_000, 3000]);
});

t.test('a refusal is a sentence, and nothing was tried', async (t) => {
  const { handover, limits } = await daemonIn(t, DONE, 'this node is passive');
  for (const words of [[], ['--check'], ['--json']]) {
    t.match(await handover(...words), { code: 1, out: '', err: 'twinreg: this node is passive\n' });
  }
  t.same(limits, []);
});

t.test('it can be asked whether it would be tried', async (t) => {
  const { handover, limits } = await daemonIn(t, DONE);
  t.match(await handover('--check'), { code: 0, out: /would be tried/ });
  t.match(await handover('--check', '--json'), { code: 0, out: '{"possible":true}\n' });
  t.same(limits, []);
});

t.test('what was given up is an error, and a wrong time is refused', async (t) => {
  const { handover } = await daemonIn(t, {
    kind: 'failed',
    reason: 'the address was still here: does keepalived run?',
  });
  t.match(await handover(), { code: 1, err: 'twinreg: the address was still here: does keepalived run?\n' });
  for (const limit of ['0', '61', 'x'])
    t.match(await handover('--timeout', limit), { code: 2, err: /--timeout: expected 1 to 60/ });
});
