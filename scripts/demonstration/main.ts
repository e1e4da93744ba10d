import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { Cleanup } from './cleanup.ts';
import { LoopbackStage } from './loopback-stage.ts';
import { NamespaceStage } from './namespace-stage.ts';
import { noNamespaces } from './network.ts';
import type { Stage } from './stage.ts';
import { Story } from './story.ts';

const USAGE = `Shows a failover of two twinreg nodes on this machine, in about half a minute, and leaves nothing behind.

Usage: scripts/demo [--loopback [--subnet A.B.C]]

  --loopback        on loopback addresses, with root too; without root it is so anyway
  --subnet A.B.C    their first three numbers, 127.0.0 if others are free
`;

/** What a shell says of a process that a signal has ended. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const cleanup = new Cleanup();
process.exitCode = await demonstrate();
// Whatever a step that was interrupted still waits for.
process.exit();

async function demonstrate(): Promise<number> {
  const options = commandLine();
  if (options === undefined) return 2;
  const interrupted = Promise.withResolvers<number>();
  for (const [name, code] of Object.entries(SIGNALS)) process.on(name, () => interrupted.resolve(code));
  // Also when nobody reads any more, or something fails outside of what is waited for, nothing may be left behind.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupted.resolve(1));
  process.on('uncaughtException', (err) => interrupted.reject(err));
  try {
    return await Promise.race([play(options), interrupted.promise]);
  } catch (err) {
    console.error(`\nThe demonstration failed: ${err instanceof Error ? err.message : String(err)}`);
    return 1;
  } finally {
    await cleanup.run();
    console.log('Everything is cleaned up.');
  }
}

type Options = Readonly<Record<'loopback', boolean> & Record<'subnet', string>>;

function commandLine(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        loopback: { type: 'boolean', default: false },
        subnet: { type: 'string', default: '127.0.0' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (!values.help && /^127(?:\.\d{1,3}){2}$/.test(values.subnet)) return values;
  } catch {
    // As for help.
  }
  console.error(USAGE);
  return undefined;
}

async function play(options: Options): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'twinreg-demo-'));
  await cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  const stage = await makeStage(options, folder);
  await new Story(stage, cleanup, (line) => console.log(line)).tell();
  return 0;
}

async function makeStage({ loopback, subnet }: Options, folder: string): Promise<Stage> {
  const reason = loopback ? 'as --loopback says' : (noNamespaces() ?? noKeepalived());
  if (reason !== undefined) return LoopbackStage.make({ subnet, folder, reason, cleanup });
  return NamespaceStage.make(folder, cleanup);
}

/** What keepalived and its scripts need. */
function noKeepalived(): string | undefined {
  const missing = ['keepalived', 'curl', 'flock'].filter((name) => spawnSync(name, ['--version']).error !== undefined);
  return missing.length === 0 ? undefined : `there is no ${missing.join(', ')} here`;
}
