import t from 'tap';
import { yields } from '../../lib/role/yielding.ts';

const at = (takenAtMs: number, nodeId: number) => ({ takenAtMs, nodeId });

t.test('nobody yields to a node without the role, or that no link shows', (t) => {
  t.equal(yields(undefined, undefined), false);
  t.equal(yields(at(1, 1), undefined), false);
  t.equal(yields(undefined, at(1, 1)), false);
  t.end();
});

t.test('the later one pings, and at equal times the greater node id', (t) => {
  t.equal(yields(at(1, 2), at(2, 1)), true);
  t.equal(yields(at(2, 1), at(1, 2)), false);
  t.equal(yields(at(1, 1), at(1, 2)), true);
  t.equal(yields(at(1, 2), at(1, 1)), false);
  t.end();
});

t.test('of two nodes that hear each other exactly one yields', (t) => {
  const all = [0, 1, 1e12, 1e12 + 1].flatMap((takenAtMs) => [at(takenAtMs, 1), at(takenAtMs, 2), at(takenAtMs, 10)]);
  for (const own of all) {
    for (const twin of all.filter(({ nodeId }) => nodeId !== own.nodeId)) {
      t.not(yields(own, twin), yields(twin, own), `${JSON.stringify(own)} and ${JSON.stringify(twin)}`);
    }
  }
  t.end();
});
