import t from 'tap';
import type { Test } from 'tap';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { daemonEnv } from '../support/daemon-env.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { NaiveTable } from './support/naive-table.ts';
import { readBack } from './support/open-store.ts';
import { RandomHistory } from './support/random-history.ts';

const CHILD = join(import.meta.dirname, 'support/crash-child.ts');
/** The record by which the child tells how far it was. */
const PROGRESS_ID = 1000;

interface Told {
  readonly cut: number[];
  durable: number;
  answered: number;
}

t.test(
  'after kill -9 with write-back the file holds exactly the changes up to one flush, none acknowledged missing',
  async (t) => {
    await crashAgainAndAgain(t, 'write-back', [2, 5, 3, 9]);
  },
);

t.test('after kill -9 with write-through every change that was answered is there', async (t) => {
  await crashAgainAndAgain(t, 'write-through', [3, 40, 17, 90]);
});

/** Kills a child after so many acknowledged flushes, each time on the file that the last one left. */
async function crashAgainAndAgain(t: Test, writeMode: string, flushes: readonly number[]): Promise<void> {
  const path = join(tempFolder(t), 'crash.db');
  let table = new NaiveTable();
  for (const [index, count] of flushes.entries()) {
    const seed = index + 1;
    const told = await runUntilKilled(path, seed, writeMode, count);
    const found = await readBack(path);
    const changes = found.records.get(PROGRESS_ID)?.record.cseq ?? 0;
    replay(table, seed, changes);
    t.same(withoutProgress(found), withoutProgress(table), `crash ${seed}: the state after ${changes} changes, whole`);
    t.ok(changes >= told.durable, `${told.durable} changes were acknowledged, ${changes} are there`);
    if (writeMode === 'write-through')
      t.ok(changes >= told.answered, `${told.answered} changes were answered, ${changes} are there`);
    t.ok(told.cut.includes(changes) || changes > Math.max(0, ...told.cut), 'and that is where a flush was cut');
    found.records.delete(PROGRESS_ID);
    table = found;
  }
}

function replay(table: NaiveTable, seed: number, changes: number): void {
  const history = new RandomHistory(table, seed);
  for (let i = 0; i < changes; i++) history.play();
}

function withoutProgress(table: NaiveTable): readonly string[] {
  return table.contents().filter((line) => !line.startsWith(`${PROGRESS_ID} `));
}

async function runUntilKilled(path: string, seed: number, writeMode: string, flushes: number): Promise<Told> {
  const child = spawn(process.execPath, [CHILD, path, String(seed), writeMode], {
    env: daemonEnv(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told: Told = { cut: [], durable: 0, answered: 0 };
  let left = flushes;
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, number] = line.split(' ');
    if (what === 'cut') told.cut.push(Number(number));
    if (what === 'answered') told.answered = Number(number);
    if (what !== 'durable') continue;
    told.durable = Number(number);
    if (told.durable > 0 && --left === 0) child.kill('SIGKILL');
  }
  return told;
}
