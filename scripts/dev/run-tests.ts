// Runs tap for all tests, or for the files named, and ends with one line that counts named tests.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { globSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeLeftoverNamespaces } from './leftover-namespaces.ts';
import { markedProcesses } from './marked-processes.ts';
import { readTestResults, type TestOutcome } from './test-results.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** A killed child is gone from /proc only when its parent has been told; this is time enough for that. */
const LEFTOVER_GRACE_MS = 2000;

/** What this run starts is told by this variable from what another run in the same checkout starts. */
const RUN_MARK = 'TWINREG_TEST_RUN';
const run = randomUUID();

const tests: TestOutcome[] = [];
const tapExitCode = await runTap(process.argv.slice(2).flatMap(testsOfFolder));
const leftovers = await leftoverDaemons();
const namespaces = removeLeftoverNamespaces();

const passed = tests.filter((test) => test.outcome === 'passed').length;
const skipped = tests.filter((test) => test.outcome === 'skipped');
let failed = tests.filter((test) => test.outcome === 'failed').length;

console.log('');
for (const { file, name, details } of skipped) console.log(`skipped: ${file} > ${name}: ${details.join('; ')}`);
for (const pid of leftovers)
  console.log(`FAILED: a daemon that a test started is still running: process ${String(pid)}`);
for (const name of namespaces) console.log(`FAILED: a test left the network namespace ${name} behind; it was removed`);
if (leftovers.length + namespaces.length > 0) failed += 1;
if (tapExitCode !== 0 && failed === 0) {
  console.log(`FAILED: tap ended with exit code ${String(tapExitCode)} although no test failed`);
  failed += 1;
}
if (passed + failed === 0) console.log('FAILED: no test ran');
for (const { file, name } of tests.filter((test) => test.outcome === 'failed')) {
  console.log(`FAILED: ${name === file ? file : `${file} > ${name}`}`);
}
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
console.log(`${String(passed)} passed, ${String(failed)} failed, ${String(skipped.length)} skipped`);

/** tap takes files and options only. */
function testsOfFolder(argument: string): string[] {
  const isFolder = statSync(resolve(ROOT, argument), { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? globSync(join(argument, '**/*.test.ts'), { cwd: ROOT }).sort() : [argument];
}

/** @returns tap's exit code */
function runTap(args: readonly string[]): Promise<number> {
  const env: NodeJS.ProcessEnv = { ...process.env };
  delete env['NODE_OPTIONS'];
  env[RUN_MARK] = run;
  // What a test calls `node` is the Node that runs the test.
  env['PATH'] = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);

  const tap = spawn(process.execPath, [join(ROOT, 'node_modules/tap/dist/esm/run.mjs'), '--reporter=tap', ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => tap.kill(signal));

  const parser = readTestResults((file) => {
    const count = (outcome: TestOutcome['outcome']) => file.tests.filter((test) => test.outcome === outcome).length;
    const parts = (['passed', 'failed', 'skipped'] as const)
      .filter((outcome) => count(outcome) > 0)
      .map((outcome) => `${String(count(outcome))} ${outcome}`);
    const seconds = file.durationMs === undefined ? '' : ` (${(file.durationMs / 1000).toFixed(1)} s)`;
    console.log(`${file.file}: ${parts.join(', ')}${seconds}`);
    for (const test of file.tests.filter((test) => test.outcome === 'failed')) {
      console.log(`  FAILED: ${test.name}`);
      for (const detail of test.details) console.log(detail.replaceAll(/^/gm, '    '));
    }
    tests.push(...file.tests);
  });
  // What a test prints is for the one who debugs it.
  parser.on('extra', (text: string) => process.stdout.write(text));

  tap.stdout.setEncoding('utf8');
  tap.stdout.on('data', (chunk: string) => parser.write(chunk));
  return new Promise((done, fail) => {
    tap.on('error', fail);
    tap.on('close', (code) => {
      parser.end();
      done(code ?? 1);
    });
  });
}

async function leftoverDaemons(): Promise<number[]> {
  const deadlineMs = performance.now() + LEFTOVER_GRACE_MS;
  for (;;) {
    const left = markedProcesses(join(ROOT, 'lib/main.ts'), RUN_MARK, run);
    if (left.length === 0 || performance.now() > deadlineMs) return left;
    await sleep(50);
  }
}
