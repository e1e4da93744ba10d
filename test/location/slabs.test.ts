import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Slabs } from '../../lib/location/slabs.ts';

const MB = 1 << 20;
const SIZES = [1, 16, 17, 200, 1024, 1025, 5000, 16_384, 16_385, 100_000];

/** Each block is filled with a letter of its own, so that two that overlap show. */
class Blocks {
  readonly slabs = new Slabs();
  readonly #used = new Map<number, { bytes: number; fill: number }>();
  #fill = 0;

  allocate(bytes: number): void {
    const ref = this.slabs.allocate(bytes);
    assert.ok(!this.#used.has(ref), 'a block has one owner');
    assert.ok(this.slabs.capacityOf(ref) >= bytes);
    this.#fill = (this.#fill + 1) & 0xff;
    const offset = this.slabs.offsetOf(ref);
    this.slabs.bufferOf(ref).fill(this.#fill, offset, offset + bytes);
    this.#used.set(ref, { bytes, fill: this.#fill });
  }

  release(nth: number): void {
    const ref = [...this.#used.keys()][nth % Math.max(1, this.#used.size)];
    if (ref === undefined) return;
    this.#verify(ref);
    this.slabs.release(ref);
    this.#used.delete(ref);
  }

  releaseAll(): void {
    for (const ref of this.#used.keys()) this.#verify(ref);
    for (const ref of this.#used.keys()) this.slabs.release(ref);
    this.#used.clear();
  }

  #verify(ref: number): void {
    const block = this.#used.get(ref)!;
    const offset = this.slabs.offsetOf(ref);
    const content = this.slabs.bufferOf(ref).subarray(offset, offset + block.bytes);
    assert.ok(content.equals(Buffer.alloc(block.bytes, block.fill)), 'nobody else wrote here');
  }
}

t.test('whatever is taken and given back, blocks never overlap', async () => {
  const step = fc.oneof(
    fc.record({ take: fc.constantFrom(...SIZES) }),
    fc.record({ take: fc.integer({ min: 1, max: 3000 }) }),
    fc.record({ giveBack: fc.nat(1000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const blocks = new Blocks();
      for (const each of steps) {
        if ('take' in each) blocks.allocate(each.take);
        else blocks.release(each.giveBack);
      }
      blocks.releaseAll();
    }),
    { numRuns: 60 },
  );
});

t.test('memory of blocks that are gone serves blocks of any other size', async (t) => {
  const blocks = new Blocks();
  for (let size = 100; size < 3000; size += 100) {
    for (let bytes = 0; bytes < 4 * MB; bytes += size) blocks.allocate(size);
    blocks.releaseAll();
  }
  t.ok(blocks.slabs.reservedBytes < 6 * MB, `${blocks.slabs.reservedBytes} bytes`);
});

t.test('small blocks waste little, and large ones nothing', async (t) => {
  const slabs = new Slabs();
  for (const bytes of [40, 185, 240, 999]) t.ok(slabs.capacityOf(slabs.allocate(bytes)) - bytes < 16);
  t.equal(slabs.capacityOf(slabs.allocate(1_000_000)), 1_000_000);
  t.ok(slabs.capacityOf(slabs.allocate(9000)) < 9000 * 1.13);
});

t.test('a large block goes back to the system at once', async (t) => {
  const slabs = new Slabs();
  const ref = slabs.allocate(10 * MB);
  t.equal(slabs.reservedBytes, 10 * MB);
  slabs.release(ref);
  t.equal(slabs.reservedBytes, 0);
});
