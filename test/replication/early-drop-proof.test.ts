/* Rule 17a: what has to be on which disk before dead records go. */
import t from 'tap';
import { EarlyDropProof } from '../../lib/replication/early-drop-proof.ts';

const NOTED = { own: 10, theirs: 20 };

class Trial {
  readonly #waiting: (() => void)[] = [];
  readonly proof = new EarlyDropProof((done) => this.#waiting.push(done));
  readonly outcomes: boolean[] = [];

  constructor() {
    this.proof.begin(NOTED, (isProved) => this.outcomes.push(isProved));
  }

  flushed(): void {
    for (const done of this.#waiting.splice(0)) done();
  }
}

t.test("it needs this node's disk, and both logs on the twin's", async (t) => {
  const trial = new Trial();
  trial.flushed();
  t.same(trial.outcomes, []);
  trial.proof.twinHasDurable(NOTED);
  t.same(trial.outcomes, [true]);
});

t.test('later positions prove it as well', async (t) => {
  const trial = new Trial();
  trial.flushed();
  trial.proof.twinHasDurable({ own: 11, theirs: 99 });
  t.same(trial.outcomes, [true]);
});

t.test("without this node's disk nothing is proved", async (t) => {
  const trial = new Trial();
  trial.proof.twinHasDurable(NOTED);
  t.same(trial.outcomes, []);
  trial.flushed();
  t.same(trial.outcomes, [], 'the twin says it again with its next heartbeat');
  trial.proof.twinHasDurable(NOTED);
  t.same(trial.outcomes, [true]);
});

t.test("without this node's log on the twin's disk nothing is proved", async (t) => {
  const trial = new Trial();
  trial.flushed();
  trial.proof.twinHasDurable({ own: 9, theirs: 20 });
  t.same(trial.outcomes, []);
});

t.test("without the twin's own log on its disk nothing is proved", async (t) => {
  const trial = new Trial();
  trial.flushed();
  trial.proof.twinHasDurable({ own: 10, theirs: 19 });
  t.same(trial.outcomes, []);
});

t.test('a lost connection proves nothing, and says so once', async (t) => {
  const trial = new Trial();
  trial.proof.fail();
  trial.flushed();
  trial.proof.twinHasDurable(NOTED);
  trial.proof.fail();
  t.same(trial.outcomes, [false]);
});

t.test('a new proof takes the place of one that is open', async (t) => {
  const trial = new Trial();
  const outcomes: boolean[] = [];
  trial.proof.begin({ own: 12, theirs: 20 }, (isProved) => outcomes.push(isProved));
  t.same(trial.outcomes, [false]);
  trial.flushed();
  trial.proof.twinHasDurable({ own: 11, theirs: 20 });
  t.same(outcomes, []);
  trial.proof.twinHasDurable({ own: 12, theirs: 20 });
  t.same(outcomes, [true]);
});

t.test('the flush of an old proof does not count for a new one', async (t) => {
  const waiting: (() => void)[] = [];
  const proof = new EarlyDropProof((done) => waiting.push(done));
  const outcomes: boolean[] = [];
  proof.begin(NOTED, () => undefined);
  proof.begin(NOTED, (isProved) => outcomes.push(isProved));
  waiting[0]?.();
  proof.twinHasDurable(NOTED);
  t.same(outcomes, []);
  waiting[1]?.();
  proof.twinHasDurable(NOTED);
  t.same(outcomes, [true]);
});

t.test('when it is proved it is told once', async (t) => {
  const trial = new Trial();
  trial.flushed();
  trial.proof.twinHasDurable(NOTED);
  trial.proof.twinHasDurable(NOTED);
  trial.proof.fail();
  t.same(trial.outcomes, [true]);
});
