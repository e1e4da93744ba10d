// A process that changes a table as fast as the store takes it and prints what happened, until it is killed:
//   cut N       the changes 1..N are in batches that have been cut
//   durable N   the changes 1..N are acknowledged by the disk
//   answered N  the gate let the answer to change N go
import { writeSync } from 'node:fs';
import { openStore } from './open-store.ts';
import { RandomHistory } from './random-history.ts';

const CHANGES_A_TURN = 10;
const STANDARD_OUTPUT = 1;

const [path = '', seed = '', writeMode = ''] = process.argv.slice(2);
const { table, store } = await openStore(path, {
  writeMode: writeMode === 'write-through' ? 'write-through' : 'write-back',
  flushIntervalMs: 100,
  groupCommitMs: 5,
});
const history = new RandomHistory(table, Number(seed));
const cutAt = new Map<number, number>();
let changes = 0;
let { seq, durableSeq } = store.status();

function say(line: string): void {
  writeSync(STANDARD_OUTPUT, `${line}\n`);
}

function tellProgress(): void {
  const now = store.status();
  for (; seq < now.seq; seq++) {
    cutAt.set(seq, changes);
    say(`cut ${changes}`);
  }
  for (; durableSeq < now.durableSeq; durableSeq++) say(`durable ${cutAt.get(durableSeq + 1) ?? 0}`);
}

function turn(): void {
  tellProgress();
  for (let i = 0; i < CHANGES_A_TURN; i++) {
    history.play();
    const change = ++changes;
    // Whose AoR it was does not matter here: the last change of any AoR is in the batch that is being filled.
    if (change % CHANGES_A_TURN === 0) settleLast(change);
  }
  setTimeout(turn, 1);
}

function settleLast(change: number): void {
  table.write('answered@d', [[1000, { ...answered, cseq: change }]]);
  store.settle('answered@d', () => say(`answered ${change}`));
}

const answered = {
  kind: 'removed' as const,
  key: 'sip:answered@d',
  contactUri: 'sip:answered@d',
  version: { ms: 1, counter: 0, nodeId: 1, incarnation: 1 },
  sticky: false,
  callId: 'answered',
  cseq: 0,
  expiresAtMs: 0,
};

say('ready');
turn();
