import t from 'tap';
import { SeedRule } from '../../lib/replication/seed-rule.ts';

const FALLBACK_MS = 5000;

t.test('a node that starts is not synced', async (t) => {
  t.notOk(new SeedRule(true, FALLBACK_MS).isSynced);
  t.notOk(new SeedRule(false, FALLBACK_MS).isSynced);
});

t.test('whoever has reconciled with a synced node is synced', async (t) => {
  for (const isSeed of [true, false]) {
    const rule = new SeedRule(isSeed, FALLBACK_MS);
    t.equal(rule.advance(true, 10), 'twin');
    t.ok(rule.isSynced);
  }
});

t.test('a seed that found nobody in time declares itself synced', async (t) => {
  const rule = new SeedRule(true, FALLBACK_MS);
  t.equal(rule.dueMs, FALLBACK_MS);
  t.equal(rule.advance(false, FALLBACK_MS - 1), undefined);
  t.equal(rule.advance(false, FALLBACK_MS), 'seed');
  t.ok(rule.isSynced);
  t.equal(rule.dueMs, Infinity);
});

t.test('another node waits for ever', async (t) => {
  const rule = new SeedRule(false, FALLBACK_MS);
  t.equal(rule.dueMs, Infinity);
  t.equal(rule.advance(false, 1e9), undefined);
  t.notOk(rule.isSynced);
});

t.test('a node becomes synced once, and stays so', async (t) => {
  const rule = new SeedRule(true, FALLBACK_MS);
  rule.advance(true, 10);
  t.equal(rule.advance(true, 20), undefined);
  t.equal(rule.advance(false, FALLBACK_MS), undefined);
  t.ok(rule.isSynced);
});

t.test('a node that is made the seed late declares itself at once if the interval is over', async (t) => {
  const rule = new SeedRule(false, FALLBACK_MS);
  rule.isSeed = true;
  t.equal(rule.dueMs, FALLBACK_MS);
  t.equal(rule.advance(false, 2 * FALLBACK_MS), 'seed');
});

t.test('meeting a synced node in the very moment of the fallback counts as that', async (t) => {
  t.equal(new SeedRule(true, FALLBACK_MS).advance(true, FALLBACK_MS), 'twin');
});
