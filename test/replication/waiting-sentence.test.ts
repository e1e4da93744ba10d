import t from 'tap';
import { BUCKETS } from '../../lib/location/bucket-digests.ts';
import type { WaitingFacts } from '../../lib/replication/waiting-sentence.ts';
import { waitingSentence } from '../../lib/replication/waiting-sentence.ts';

const ALL_WELL: WaitingFacts = {
  twinId: 2,
  isEnabled: true,
  synced: true,
  outgoing: 'in-sync',
  bucketsDone: BUCKETS,
  received: 0,
  isSeed: false,
  seedInMs: Infinity,
  twinSynced: true,
  lastTrouble: undefined,
};

function sentence(facts: Partial<WaitingFacts>): string {
  return waitingSentence({ ...ALL_WELL, ...facts }) ?? '';
}

t.test('a node that is synced and in sync waits for nothing', async (t) => {
  t.equal(waitingSentence(ALL_WELL), undefined);
});

t.test('without a second node it says where nodes are named', async (t) => {
  t.match(sentence({ twinId: undefined }), /no other node.*twinreg cluster list/);
});

t.test('switched off, it says so, whatever else is the matter', async (t) => {
  t.match(sentence({ isEnabled: false, outgoing: 'down', synced: false }), /node 2 is switched off/);
});

t.test('without a link it names the node that it waits for, and what stood in the way last', async (t) => {
  for (const outgoing of ['down', 'connecting', 'authenticating'] as const) {
    t.equal(sentence({ outgoing }), 'waits for a link to node 2');
    const lastTrouble = { text: 'both nodes have the id 1', agoMs: 130_000 };
    t.equal(
      sentence({ outgoing, lastTrouble }),
      'waits for a link to node 2 (last time, 2 min ago: both nodes have the id 1)',
    );
  }
});

t.test('what the system calls a failure is explained', async (t) => {
  const troubles = [
    'ECONNREFUSED',
    'EHOSTUNREACH',
    'ENETDOWN',
    'ETIMEDOUT',
    'ENOTFOUND',
    'ECONNRESET',
    'EADDRNOTAVAIL',
  ];
  for (const code of troubles) {
    const lastTrouble = { text: `connect ${code} 10.0.0.2:5555`, agoMs: 900 };
    t.match(sentence({ outgoing: 'down', lastTrouble }), `(last time, 0 s ago: connect ${code} 10.0.0.2:5555: `);
  }
});

t.test('while it compares it says how far it is', async (t) => {
  const text = sentence({ outgoing: 'reconciling', bucketsDone: BUCKETS / 2, received: 1234 });
  t.match(text, /node 2: 50 %.*1234/);
});

t.test('a hundredth is not said to be done before it is', async (t) => {
  t.match(sentence({ outgoing: 'reconciling', bucketsDone: BUCKETS - 1 }), '99 %');
});

t.test('of a twin that is too slow it says that replies do not wait', async (t) => {
  t.match(sentence({ outgoing: 'lagging' }), /node 2 .*do not wait/);
});

t.test('a node that is not synced says so first, and how it will be', async (t) => {
  t.match(sentence({ synced: false, outgoing: 'down' }), /^not synced: waits for a link to node 2; .*synced one.*seed/);
});

t.test('the seed says when it will declare itself, in whole seconds', async (t) => {
  const facts = { synced: false, outgoing: 'down', isSeed: true, seedInMs: 4001 } as const;
  t.match(sentence(facts), /as the seed it declares itself synced in 5 s$/);
});

t.test('in sync with a twin that is not synced, both wait for a third party', async (t) => {
  const text = sentence({ synced: false, twinSynced: false });
  t.match(text, /^not synced: node 2 is linked, but is not synced either; /);
});
