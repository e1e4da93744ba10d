import t from 'tap';
import { DurablePositions } from '../../lib/replication/durable-positions.ts';

/** A disk whose flushes end when the test says so. */
class HeldDisk {
  readonly #waiting: (() => void)[] = [];
  readonly positions = new DurablePositions((done) => this.#waiting.push(done));

  /** A flush that began after all that was asked for is durable. */
  flushed(): void {
    for (const done of this.#waiting.splice(0)) done();
  }

  get asked(): number {
    return this.#waiting.length;
  }
}

const TWIN = 22;

function linked(): HeldDisk {
  return new HeldDisk();
}

t.test('nothing is durable at first', async (t) => {
  t.same(linked().positions.durable, { own: undefined, theirs: undefined });
});

t.test('positions count when a flush is durable that began after they were noted', async (t) => {
  const disk = linked();
  disk.positions.note(7, { incarnation: TWIN, position: 3 });
  t.same(disk.positions.durable, { own: undefined, theirs: undefined });
  disk.flushed();
  t.same(disk.positions.durable, { own: 7, theirs: 3 });
});

t.test('what is noted while a flush is under way waits for the next note', async (t) => {
  const disk = linked();
  disk.positions.note(7, { incarnation: TWIN, position: 3 });
  disk.positions.note(9, { incarnation: TWIN, position: 5 });
  t.equal(disk.asked, 1, 'one note at a time');
  disk.flushed();
  t.same(disk.positions.durable, { own: 7, theirs: 3 }, 'the flush may have begun before the second');
  disk.positions.note(9, { incarnation: TWIN, position: 5 });
  disk.flushed();
  t.same(disk.positions.durable, { own: 9, theirs: 5 });
});

t.test("while there are gaps in what is held of the twin's log its position stays where it was", async (t) => {
  const disk = linked();
  disk.positions.note(7, { incarnation: TWIN, position: 3 });
  disk.flushed();
  disk.positions.note(9, undefined);
  disk.flushed();
  t.same(disk.positions.durable, { own: 9, theirs: 3 });
});

t.test('what a reconciliation brought is durable only with a flush that began after its end', async (t) => {
  const disk = linked();
  disk.positions.note(7, { incarnation: TWIN, position: 0 });
  disk.flushed();
  t.same(disk.positions.durable, { own: 7, theirs: 0 });
  disk.positions.reconciled();
  t.same(disk.positions.durable, { own: 7, theirs: undefined }, 'not even position 0; the own log is the same');
  disk.positions.note(7, { incarnation: TWIN, position: 0 });
  disk.flushed();
  t.same(disk.positions.durable, { own: 7, theirs: 0 });
});

t.test('a note of before the reconciliation says nothing about what came by it', async (t) => {
  const disk = linked();
  disk.positions.note(7, { incarnation: TWIN, position: 3 });
  disk.positions.reconciled();
  disk.flushed();
  t.same(disk.positions.durable, { own: 7, theirs: undefined });
});
