import t from 'tap';
import { PingSilence } from '../../lib/role/ping-silence.ts';

const TWIN = { takenAtMs: 1000, nodeId: 2 };

t.test('nobody is known to have pinged before', (t) => {
  const silence = new PingSilence();
  t.equal(silence.sinceMs(50_000), undefined);
  silence.twinAnnounced(undefined, 60_000);
  t.equal(silence.sinceMs(70_000), undefined);
  t.end();
});

t.test('the twin is silent from when it says so, or its link ends', (t) => {
  const silence = new PingSilence();
  silence.twinAnnounced(TWIN, 50_000);
  silence.twinAnnounced({ ...TWIN, takenAtMs: 51_000 }, 51_000);
  silence.twinAnnounced(undefined, 60_000);
  silence.twinAnnounced(undefined, 61_000);
  t.equal(silence.sinceMs(70_000), 60_000);
  t.end();
});

t.test('a twin that is still said to be active may have been silent for some seconds', (t) => {
  const silence = new PingSilence();
  silence.twinAnnounced(TWIN, 50_000);
  t.equal(silence.sinceMs(70_000), 65_000);
  t.end();
});

t.test('what this node pinged itself counts', (t) => {
  const silence = new PingSilence();
  silence.twinAnnounced(TWIN, 50_000);
  silence.twinAnnounced(undefined, 60_000);
  silence.stopped(64_000);
  t.equal(silence.sinceMs(70_000), 64_000);
  t.end();
});
