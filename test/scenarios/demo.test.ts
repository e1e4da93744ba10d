import t, { type Test } from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { applianceSkip } from '../support/appliance-network.ts';
import { daemonEnv } from '../support/daemon-env.ts';
import { loopbackAddress } from '../support/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';

const DEMO = resolve(import.meta.dirname, '../../scripts/demo');

/** The demonstration in a process of its own; all that it starts inherits a mark, by which what is left of it is found. */
function demonstration(t: Test, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const folder = tempFolder(t);
  const child = spawn(DEMO, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: daemonEnv({ ...env, TMPDIR: folder }),
  });
  const pid = child.pid ?? 0;
  let out = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      out += data.toString();
      for (const look of waiting) look();
    });
  }
  const closed = once(child, 'close');
  t.teardown(async () => {
    child.kill('SIGTERM');
    await closed;
  });
  return {
    signal: (name: NodeJS.Signals) => child.kill(name),
    stopReading: () => child.stdout.destroy(),
    async printed(text: string) {
      await Promise.race([
        closed,
        new Promise<void>((resolve) => {
          const look = () => out.includes(text) && resolve();
          waiting.add(look);
          look();
        }),
      ]);
      if (!out.includes(text)) throw new Error(`it ended without "${text}":\n${out}`);
    },
    async ended() {
      await closed;
      return { code: child.exitCode, out };
    },
    /** Processes, namespaces and files that are still there. */
    left: () => [...processesMarked(`TMPDIR=${folder}`), ...namespacesOf(pid), ...readdirSync(folder)],
  };
}

function processesMarked(mark: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => contentOf(`/proc/${pid}/environ`).split('\0').includes(mark))
    .map((pid) => `process ${pid}: ${contentOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
}

/** '' for a process that has ended meanwhile, or is somebody else's. */
function contentOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function namespacesOf(pid: number): readonly string[] {
  if (!existsSync('/run/netns')) return [];
  return readdirSync('/run/netns').filter((name) => name.startsWith(`twinreg-demo-${String(pid)}-`));
}

/** The first three numbers of loopback addresses that nobody else uses. */
const subnet = () => loopbackAddress().split('.').slice(0, 3).join('.');

const STORY = [
  'node 1 is active, node 2 is passive, and both are in sync',
  'each phone has its 200 OK',
  'node 1: ACTIVE, in sync; ',
  'node 1 is dead',
  'node 2 answers: ',
  'node 2 pings: ',
  'node 1: DOES NOT RUN   |   node 2: ACTIVE',
  'none of the 6 registrations is missing on node 2',
  'node 1 is up',
  'it stays passive, and is quiet',
  'none of the 6 registrations is missing on node 1',
  'node 1: passive, in sync; 0 pings sent',
  '== What happened',
  'The same as node 1 has it: twinreg history',
  'killed        the process before was killed',
  'The same as node 2 has it: twinreg history',
  'link down     the connection to node 1 broke',
  'Everything is cleaned up.',
] as const;

/** Each part of the story stands in the text, in order. */
function checkStory(t: Test, out: string, story: readonly string[]): void {
  let at = 0;
  for (const part of story) {
    const found = out.indexOf(part, at);
    t.ok(found >= 0, `"${part}" comes in its place`);
    if (found < 0) return t.comment(out);
    at = found;
  }
}

t.test(
  'on loopback the demonstration tells its story, says who plays keepalived, and leaves nothing behind',
  async (t) => {
    const network = subnet();
    const demo = demonstration(t, ['--loopback', '--subnet', network]);
    const { code, out } = await demo.ended();
    t.equal(code, 0, out);
    checkStory(t, out, ['There is no keepalived: this script plays it.', ...STORY]);
    t.match(out, `alice@${network}.100  sip:alice@${network}.103:`);
    t.same(demo.left(), []);
  },
);

t.test('with root it plays in network namespaces with a real keepalived', { skip: applianceSkip() }, async (t) => {
  const demo = demonstration(t, []);
  await demo.printed('== Both nodes start');
  t.ok(
    demo.left().some((one) => one.startsWith('twinreg-demo-')),
    'namespaces are there while it runs',
  );
  const { code, out } = await demo.ended();
  t.equal(code, 0, out);
  checkStory(t, out, ['each with a twinreg and a real keepalived', ...STORY]);
  t.match(out, /active {8}nh_enable_ping 1; \S+ arrived (?:just now|\d+ ms before)/, 'the notify script gave the role');
  t.same(demo.left(), []);
});

t.test('SIGTERM ends it in the middle, with nothing left', async (t) => {
  const demo = demonstration(t, ['--loopback', '--subnet', subnet()]);
  await demo.printed('== Both nodes start');
  demo.signal('SIGTERM');
  t.match(await demo.ended(), { code: 143, out: /Everything is cleaned up\.\n$/ });
  t.same(demo.left(), []);
});

t.test('Ctrl-C ends it in the middle, with nothing left', { skip: applianceSkip() }, async (t) => {
  const demo = demonstration(t, []);
  await demo.printed('== The active node is killed');
  demo.signal('SIGINT');
  t.match(await demo.ended(), { code: 130, out: /Everything is cleaned up\.\n$/ });
  t.same(demo.left(), []);
});

t.test('a step that fails is said, and leaves nothing either', { skip: applianceSkip() }, async (t) => {
  const tools = tempFolder(t);
  const keepalived = join(tools, 'keepalived');
  writeFileSync(keepalived, '#!/bin/sh\necho "it is broken"\n[ "$1" = --version ]\n');
  chmodSync(keepalived, 0o755);
  const demo = demonstration(t, [], { PATH: `${tools}:${process.env['PATH'] ?? ''}` });
  const { code, out } = await demo.ended();
  t.equal(code, 1);
  t.match(out, /The demonstration failed: keepalived of node 1 ended:\nit is broken\n/);
  t.same(demo.left(), []);
});

t.test('when nobody reads any more it ends, with nothing left', async (t) => {
  const demo = demonstration(t, ['--loopback', '--subnet', subnet()]);
  await demo.printed('== Both nodes start');
  demo.stopReading();
  t.not((await demo.ended()).code, 0);
  t.same(demo.left(), []);
});

t.test('a wrong option shows what there is', async (t) => {
  for (const args of [['--nonesuch'], ['--loopback', '--subnet', '10.0.0'], ['--help']]) {
    t.match(await demonstration(t, args).ended(), { code: 2, out: /Usage: scripts\/demo/ });
  }
});
