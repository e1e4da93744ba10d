// Runs every check of the sources, two at a time, and prints what each found. All run even if one fails.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

const node = (script: string, ...args: string[]) => [process.execPath, join(ROOT, script), ...args];
const tool = (script: string, ...args: string[]) => node(join('node_modules', script), ...args);

// The longest first, so that the short ones fill the time beside it.
const CHECKS: readonly Check[] = [
  { name: 'eslint', command: tool('eslint/bin/eslint.js', '.', '--max-warnings', '0') },
  { name: 'tsc', command: tool('typescript/bin/tsc') },
  {
    name: 'prettier',
    command: tool(
      'prettier/bin/prettier.cjs',
      '--check',
      '--log-level',
      'warn',
      '--cache',
      '--cache-strategy',
      'content',
      '.',
    ),
  },
  { name: 'imports', command: node('scripts/dev/check-imports.ts') },
  // A type that only its own file names still belongs to the signature it stands in.
  {
    name: 'unused exports',
    command: tool('ts-unused-exports/bin/ts-unused-exports', 'tsconfig.json', '--showLineNumber', '--allowUnusedTypes'),
  },
  { name: 'tests that assert nothing', command: node('scripts/dev/check-tests.ts') },
];

const waiting = [...CHECKS];
const failed: string[] = [];
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));

if (failed.length > 0) {
  console.log(`\nchecks failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

async function work(): Promise<void> {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const startedMs = performance.now();
    const { exitCode, output } = await run(check.command);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`${exitCode === 0 ? 'ok    ' : 'FAILED'}  ${check.name} (${seconds} s)`);
    if (exitCode === 0) continue;
    console.log(output.trimEnd());
    failed.push(check.name);
  }
}

function run([program = '', ...args]: readonly string[]): Promise<{ exitCode: number; output: string }> {
  const env = { ...process.env, PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter) };
  const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => (output += text));
  }
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => {
      done({ exitCode: code ?? 1, output });
    });
  });
}
