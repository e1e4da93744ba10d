import t from 'tap';
import { FlushQueue, type Flushable } from '../../../lib/sip/serving/flush-queue.ts';

class Counted implements Flushable {
  flushes = 0;

  flush(): void {
    this.flushes += 1;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('what a batch adds is flushed once, when the batch ends', async (t) => {
  const [queue, one, two] = [new FlushQueue(), new Counted(), new Counted()];
  queue.hold();
  for (const flushable of [one, two, one, one]) queue.add(flushable);
  t.same([one.flushes, two.flushes], [0, 0]);
  queue.release();
  t.same([one.flushes, two.flushes], [1, 1]);
  await turn();
  t.same([one.flushes, two.flushes], [1, 1]);
});

t.test('what comes outside of a batch is flushed once, when its event is over', async (t) => {
  const [queue, one] = [new FlushQueue(), new Counted()];
  for (let round = 1; round <= 2; round += 1) {
    queue.add(one);
    queue.add(one);
    t.equal(one.flushes, round - 1);
    await turn();
    t.equal(one.flushes, round);
  }
});
