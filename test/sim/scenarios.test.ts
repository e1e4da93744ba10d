/*
 * Histories that somebody thought of: for each rule of replication, and of what a registrar must keep, the one that a weaker
 * rule would not survive. They go through the real machine, table, registrar and clocks, like the random ones, and the same
 * oracle watches; docs/TESTING.md says which rule each is about.
 */
import t, { type Test } from 'tap';
import { BEGINS_MS, CLOCKS_SETTLED_MS, Story } from './history/story.ts';
import type { ContactName } from './history/planned-event.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
/** H, the longest lifetime. */
const H = 24 * HOUR;
const H_S = 86_400;

/** What chance decides comes out otherwise each time: how long messages and flushes take. */
const SEEDS = [1, 2, 3];

/** The story comes to this end, whatever chance does, and nothing breaks the promise on its way. */
function endsWith(t: Test, expected: readonly ContactName[] | 'anything', story: () => Story, seeds = SEEDS): void {
  for (const seed of seeds) {
    const { fault, shown, trace } = story().tell(seed);
    if (fault !== undefined) t.fail(fault, { trace: trace.join('\n') });
    else if (expected === 'anything') t.pass('both nodes show the same');
    else t.same(shown, expected, `the contacts that both nodes show`, { trace: trace.join('\n') });
  }
}

/** The same for something that happens at one of many moments, so that one of them is the worst. */
function alwaysEndsWith(
  t: Test,
  expected: readonly ContactName[] | 'anything',
  moments: readonly number[],
  story: (ms: number) => Story,
): void {
  for (const ms of moments) endsWith(t, expected, () => story(ms), [1 + ms]);
}

/**
 * A link that was lost is dialled 100 ms later, and again 200 and 400 ms after that: moments from just before a second link until
 * its reconciliation is over.
 */
const WHILE_RECONCILING = Array.from({ length: 45 }, (_, step) => 95 + step * 3);

const EACH_MILLISECOND = Array.from({ length: 130 }, (_, step) => 95 + step);

const SLOW_LINK = { weather: { leastMs: 4, mostMs: 12, piecesMax: 3 } } as const;

t.test('phones', async (t) => {
  t.test('the later of two registrations beyond a cut counts, although the clocks were wrong', async (t) => {
    endsWith(t, ['c0', 'c1'], () =>
      new Story({ wallOffsetMs: { A: 2500, B: 0 } })
        .wait(CLOCKS_SETTLED_MS)
        .cut(5 * SECOND)
        .register('A', ['c0'])
        .wait(SECOND)
        .register('B', ['c0'])
        .wait(SECOND)
        .register('B', ['c0', 'c1'], { phone: 1 })
        .wait(5 * SECOND),
    );
  });

  t.test(
    'an unregistration beyond a cut ends what was registered before it, although the clocks were wrong',
    async (t) => {
      endsWith(t, [], () =>
        new Story({ wallOffsetMs: { A: 2500, B: 0 } })
          .wait(CLOCKS_SETTLED_MS)
          .cut(5 * SECOND)
          .register('A', ['c0'])
          .wait(600)
          .register('B', ['-c0'])
          .wait(5 * SECOND),
      );
    },
  );

  t.test('an unregistration of what only the other node knows ends it there', async (t) => {
    endsWith(t, [], () =>
      new Story().wait(CLOCKS_SETTLED_MS).cut(5000).register('B', ['c0']).wait(1000).register('A', ['-c0']).wait(5000),
    );
  });

  t.test('"*" ends what only the other node knows', async (t) => {
    endsWith(t, [], () =>
      new Story().wait(CLOCKS_SETTLED_MS).cut(5000).register('B', ['c0']).wait(1000).star('A', { phone: 1 }).wait(5000),
    );
  });

  t.test('a later "*" counts above an earlier one', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .star('A', { phone: 1 })
        .wait(500)
        .register('A', ['c0'])
        .wait(500)
        .star('A', { phone: 2 })
        .wait(500)
        .crash('B', 300)
        .wait(3000),
    );
  });

  t.test('"*" holds as long as what it ended would have lived', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .register('A', ['c1'])
        .wait(1000)
        .star('A', { phone: 1 })
        .wait(1000)
        .jump(1800 * SECOND),
    );
  });

  t.test('an unregistration under another spelling of the contact ends the older one for good', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .register('B', ['c2'])
        .wait(SECOND)
        .register('A', ["-c2'"])
        .wait(50 * SECOND),
    );
    endsWith(t, [], () =>
      new Story()
        .wait(CLOCKS_SETTLED_MS)
        .cut(4000)
        .register('B', ['c2'])
        .wait(SECOND)
        .register('A', ["-c2'"])
        .wait(50 * SECOND),
    );
  });

  t.test('a copy that comes late revives nothing', async (t) => {
    for (const lateMs of [1, 5, 25, 29]) {
      endsWith(t, [], () =>
        new Story()
          .register('A', ['c2'])
          .wait(2 * SECOND)
          .register('A', ['-c2'])
          .wait(lateMs * SECOND)
          .again('B', 2)
          .wait(60 * SECOND),
      );
    }
  });

  t.test('a node that stood still does not serve what its phone has given up', async (t) => {
    for (const sipFirst of [true, false]) {
      endsWith(t, [], () =>
        new Story()
          .fault({ kind: 'stop', node: 'A', forMs: 2400, sipFirst })
          .wait(100)
          .register('A', ['c2'])
          .wait(1500)
          .register('B', ['-c2'])
          .wait(5000),
      );
    }
  });

  t.test('a request with two contacts comes to the other node whole or not at all', async (t) => {
    alwaysEndsWith(t, 'anything', [0, 1, 2, 3, 4, 5, 8, 12], (ms) =>
      new Story({ weather: { leastMs: 1, mostMs: 4, piecesMax: 40 } })
        .register('A', ['c0', 'c1'])
        .wait(ms)
        .cut(3000)
        .wait(1)
        .crash('A', 500, 'wiped')
        .wait(4000),
    );
  });

  t.test('no binding lives longer than what it takes to forget it', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .add('A', 'c0', 2 * H_S)
        .wait(2000)
        .jump(H + 100 * SECOND),
    );
  });
});

t.test('answers', async (t) => {
  t.test('what was answered in sync is not lost with one node', async (t) => {
    endsWith(t, ['c0'], () =>
      new Story({ flushMostMs: 900 }).register('A', ['c0']).wait(20).crash('A', 3000, 'wiped').wait(5000),
    );
    endsWith(t, ['c0'], () => new Story(SLOW_LINK).register('A', ['c0']).wait(60).crash('A', 3000, 'wiped').wait(5000));
  });

  t.test('a retransmission waits for the twin like the first copy', async (t) => {
    endsWith(t, ['c0'], () =>
      new Story()
        .delay('B', 200, 900)
        .wait(10)
        .register('A', ['c0'])
        .wait(100)
        .again('A', 1)
        .wait(160)
        .crash('A', 3000, 'wiped')
        .wait(5000),
    );
  });

  t.test('a query waits for the twin, whether it shows the last change or hides it', async (t) => {
    endsWith(t, ['c1'], () =>
      new Story()
        .delay('B', 200, 900)
        .wait(10)
        .register('A', ['c1'])
        .wait(50)
        .query('A')
        .wait(200)
        .crash('A', 3000, 'wiped')
        .wait(5000),
    );
    endsWith(t, [], () =>
      new Story()
        .register('A', ['c0'])
        .wait(100)
        .delay('B', 200, 900)
        .wait(10)
        .star('A', { phone: 1 })
        .wait(50)
        .query('A')
        .wait(200)
        .crash('A', 3000, 'wiped')
        .wait(5000),
    );
  });

  t.test('a retransmission at the other node waits for what its answer shows', async (t) => {
    endsWith(t, ['c0', 'c2'], () =>
      new Story()
        .register('A', ['c0'])
        .wait(20)
        .delay('A', 200, 900)
        .wait(10)
        .register('B', ['c2'], { phone: 1 })
        .wait(20)
        .again('B', 3)
        .wait(260)
        .crash('B', 3000, 'wiped')
        .wait(5000),
    );
  });

  t.test('an answer does not show what came after its own change', async (t) => {
    endsWith(t, ['c0', 'c1'], () =>
      new Story()
        .delay('B', 100, 900)
        .wait(10)
        .register('A', ['c1'])
        .wait(60)
        .register('A', ['c0'], { phone: 1 })
        .wait(2000),
    );
  });

  t.test('an acknowledgement that comes late brings nobody in sync', async (t) => {
    alwaysEndsWith(t, ['c0'], [900, 1400, 1440, 1460, 1480, 1490], (ms) =>
      new Story()
        .delay('A', 1500, 1000)
        .star('A', { phone: 1 })
        .wait(500)
        .freeze(['B'], 1800)
        .wait(ms - 500)
        .register('A', ['c0'])
        .wait(1510 - ms)
        .query('A')
        .wait(5000),
    );
  });

  t.test('a change that the log has no room for is not answered as if the twin had it', async (t) => {
    endsWith(t, 'anything', () =>
      new Story({ logBytesMax: 500 })
        .delay('A', 350, 2000)
        .wait(10)
        .register('B', ['c0'])
        .wait(100)
        .register('B', ['c1'], { phone: 1 })
        .wait(100)
        .register('B', ['c2'], { phone: 2, aor: 1 })
        .wait(20)
        .register('B', ['c3'], { phone: 3, aor: 2 })
        .wait(5000),
    );
  });

  t.test('a node that is not in sync yet answers, and the twin gets it all the same', async (t) => {
    alwaysEndsWith(t, 'anything', WHILE_RECONCILING, (ms) =>
      new Story(SLOW_LINK)
        .crash('A', 200)
        .wait(200 + ms)
        .register('A', ['c2'])
        .wait(30)
        .query('A')
        .wait(5000),
    );
  });
});

t.test('judgements', async (t) => {
  const two = { maxContacts: 2 };

  t.test('an eviction at one node does not end what was refreshed at the other', async (t) => {
    endsWith(t, ['c0', 'c2'], () =>
      new Story(two)
        .register('A', ['c0'])
        .wait(1000)
        .register('A', ['c1'], { phone: 1 })
        .wait(CLOCKS_SETTLED_MS)
        .cut(5000)
        .register('B', ['c0'])
        .wait(1000)
        .register('A', ['c2'], { phone: 2 })
        .wait(5000),
    );
  });

  t.test('both nodes below max_contacts are above it together: the newest are shown', async (t) => {
    endsWith(t, ['c0', 'c1'], () =>
      new Story(two)
        .wait(CLOCKS_SETTLED_MS)
        .cut(3000)
        .register('B', ['c2'])
        .wait(1000)
        .register('A', ['c0', 'c1'], { phone: 1 })
        .wait(4000),
    );
    endsWith(t, 'anything', () =>
      new Story(two).register('B', ['c2']).register('A', ['c0', 'c1'], { phone: 1 }).wait(3000),
    );
  });

  t.test('an eviction reaches a node that was down', async (t) => {
    endsWith(t, ['c0', 'c2'], () =>
      new Story(two)
        .register('A', ['c0', 'c1'])
        .wait(2000)
        .crash('B', 3000)
        .wait(500)
        .register('A', ['c0'])
        .wait(500)
        .register('A', ['c2'], { phone: 1 })
        .wait(5000),
    );
  });

  t.test('a judgement reaches a node that was down, although nothing else differs', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .register('A', ['c0'])
        .wait(3000)
        .delay('B', 200, 900)
        .losePings('A', 'c0')
        .wait(50)
        .crash('B', 2000)
        .wait(5000),
    );
  });

  t.test('lost pings judged without knowing of the refresh do not end the binding', async (t) => {
    endsWith(t, ['c1'], () =>
      new Story({ active: 'B' })
        .register('A', ['c1'])
        .wait(1000)
        .delay('B', 300, 900)
        .wait(10)
        .register('A', ['c1'])
        .wait(100)
        .losePings('B', 'c1')
        .wait(3000),
    );
  });

  t.test('a node that wakes up late and finds its old copy expired ends nothing', async (t) => {
    endsWith(t, ['c2'], () =>
      new Story()
        .register('A', ['c2'], { expiresS: 2 })
        .wait(1500)
        .fault({ kind: 'stop', node: 'B', forMs: 3000, sipFirst: false })
        .wait(1000)
        .register('A', ['c2'])
        .wait(5000),
    );
  });

  t.test('a node that is cut off removes nothing on lost pings', async (t) => {
    endsWith(t, ['c0'], () =>
      new Story().cut(4000).wait(100).register('A', ['c0']).wait(500).losePings('A', 'c0').wait(5000),
    );
  });

  t.test('a node without the role judges nothing', async (t) => {
    endsWith(t, ['c0'], () => new Story().register('A', ['c0']).wait(500).losePings('B', 'c0').wait(1000));
    endsWith(t, ['c0'], () =>
      new Story()
        .register('A', ['c0'])
        .wait(500)
        .losePings('A', 'c0', 1000)
        .wait(300)
        .role('A', false)
        .wait(300)
        .role('A', true)
        .wait(3000),
    );
  });

  t.test('of two nodes with the role the one that was given it later judges, and the other one not', async (t) => {
    endsWith(t, ['c0'], () =>
      new Story().register('A', ['c0']).wait(500).role('B', true).wait(500).losePings('A', 'c0').wait(3000),
    );
    endsWith(t, [], () =>
      new Story().register('A', ['c0']).wait(500).role('B', true).wait(500).losePings('B', 'c0').wait(3000),
    );
  });

  t.test('of two nodes that were given the role at one moment exactly one judges', async (t) => {
    endsWith(t, 'anything', () =>
      new Story().register('A', ['c0']).wait(500).role('A', true).role('B', true).wait(3000),
    );
    endsWith(t, ['c0'], () =>
      new Story()
        .register('A', ['c0'])
        .wait(500)
        .role('A', true)
        .role('B', true)
        .wait(500)
        .losePings('A', 'c0')
        .wait(3000),
    );
  });

  t.test('a node that yielded judges again when it is given the role anew', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .register('A', ['c0'])
        .wait(500)
        .role('B', true)
        .wait(1000)
        .role('A', true)
        .wait(500)
        .losePings('A', 'c0')
        .wait(3000),
    );
    endsWith(t, ['c0'], () =>
      new Story()
        .register('A', ['c0'])
        .wait(500)
        .role('B', true)
        .wait(1000)
        .role('A', true)
        .wait(500)
        .losePings('B', 'c0')
        .wait(3000),
    );
  });

  t.test('a role that was taken by a wrong clock counts by the right one', async (t) => {
    endsWith(t, ['c0'], () =>
      new Story()
        .register('A', ['c0'])
        .wait(2000)
        .cut(9000)
        .crash('B', 100, 'wiped', -2500)
        .wait(3000)
        .role('A', true)
        .wait(1000)
        .role('B', true)
        .wait(8000)
        .losePings('A', 'c0')
        .wait(2000),
    );
  });

  t.test('a restart does not renew the role', async (t) => {
    endsWith(t, ['c0'], () =>
      new Story()
        .register('A', ['c0'])
        .wait(500)
        .role('B', true)
        .wait(2000)
        .crash('A', 3500)
        .wait(8000)
        .losePings('A', 'c0')
        .wait(2000),
    );
  });

  t.test('a repeated command renews the role', async (t) => {
    endsWith(t, ['c0'], () =>
      new Story()
        .register('A', ['c0'])
        .role('A', true)
        .wait(500)
        .role('B', true)
        .wait(500)
        .role('A', true)
        .wait(500)
        .losePings('B', 'c0')
        .wait(2000),
    );
  });
});

t.test('restarts', async (t) => {
  t.test('an order given to a node whose clock is behind what it knows counts', async (t) => {
    // The node that starts anew begins ahead of its twin, by what its disk's mark keeps in reserve.
    endsWith(t, ['c0'], () =>
      new Story()
        .wait(CLOCKS_SETTLED_MS)
        .cut(1300)
        .crash('B', 30)
        .wait(1100)
        .register('B', ['-c0'])
        .wait(550)
        .register('A', ['c0'], { phone: 1 })
        .wait(3000),
    );
  });

  t.test('a node whose wall clock was set back while it was down orders above what it has lost', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .wait(500)
        .register('A', ['c0'])
        .wait(50)
        .cut(4000)
        .crash('A', 500, 'kept', -2500)
        .wait(1700)
        .star('A', { phone: 1 })
        .wait(5000),
    );
  });

  t.test('a node that lost its disk and whose clock was set back gives no stamp a second time', async (t) => {
    endsWith(t, ['c0'], () =>
      new Story()
        .register('A', ['c0'])
        .wait(20)
        .cut(5000)
        .crash('A', 100, 'wiped', -2000)
        .wait(1980)
        .register('A', ['c0'], { phone: 1 })
        .wait(5000),
    );
  });

  t.test('removed bindings and "*" are on the disk too', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .crash('B', 9000)
        .wait(3000)
        .register('A', ['c0'])
        .wait(1500)
        .star('A', { phone: 1 })
        .wait(1500)
        .crash('A', 300)
        .wait(6000),
    );
    endsWith(t, [], () =>
      new Story()
        .crash('B', 9000)
        .wait(3000)
        .register('A', ['c0'])
        .wait(1500)
        .register('A', ['-c0'])
        .wait(1500)
        .crash('A', 300)
        .wait(6000),
    );
  });

  t.test('what a node registered before it restarted comes to its twin', async (t) => {
    endsWith(t, ['c1'], () =>
      new Story().cut(6000).wait(100).register('A', ['c1']).wait(2000).crash('A', 300).wait(6000),
    );
  });

  t.test('what a node lost with its memory comes back from its twin', async (t) => {
    endsWith(t, ['c1'], () =>
      new Story()
        .fault({ kind: 'disk-stall', node: 'A', forMs: 3000 })
        .register('A', ['c1'])
        .wait(100)
        .crash('A', 300)
        .wait(5000),
    );
    endsWith(t, [], () =>
      new Story()
        .register('A', ['c1'])
        .wait(2500)
        .fault({ kind: 'disk-stall', node: 'A', forMs: 3000 })
        .star('A', { phone: 1 })
        .wait(100)
        .crash('A', 300)
        .wait(5000),
    );
  });

  t.test('a node that lost its disk is in sync only when it has everything again', async (t) => {
    alwaysEndsWith(t, ['c0'], WHILE_RECONCILING, (ms) =>
      new Story(SLOW_LINK)
        .register('A', ['c0'])
        .wait(1000)
        .crash('B', 200, 'wiped')
        .wait(100 + ms)
        .query('A')
        .query('B')
        .wait(3000),
    );
  });

  t.test('two nodes that both kept running reconcile when the log does not reach back', async (t) => {
    endsWith(t, ['c0', 'c1'], () =>
      new Story({ logBytesMax: 500 })
        .cut(4000)
        .wait(100)
        .register('A', ['c0'])
        .wait(50)
        .register('A', ['c1'])
        .wait(50)
        .register('A', ['c0', 'c1'])
        .wait(50)
        .register('A', ['c0', 'c1'])
        .wait(5000),
    );
    endsWith(t, ['c0'], () =>
      new Story()
        .wait(1000)
        .jump(3700 * SECOND)
        .wait(10)
        .register('A', ['c0'])
        .wait(3000),
    );
  });

  t.test('whatever changes during a reconciliation is on both nodes after it', async (t) => {
    alwaysEndsWith(t, 'anything', WHILE_RECONCILING, (ms) =>
      new Story({ ...SLOW_LINK, logBytesMax: 500 })
        .register('B', ['c3'], { phone: 3 })
        .wait(1000)
        .crash('A', 200, 'wiped')
        .wait(200 + ms)
        .register('B', ['c0'])
        .wait(2)
        .register('A', ['c1'], { phone: 1 })
        .wait(60)
        .crash('B', 500, 'kept')
        .wait(3000),
    );
    // The AoR is the same on both when they are compared, and another one keeps them busy while it changes.
    alwaysEndsWith(t, ['c0', 'c1', 'c2'], EACH_MILLISECOND, (ms) =>
      new Story({ ...SLOW_LINK, logBytesMax: 700 })
        .register('A', ['c2'])
        .register('A', ['c3'], { phone: 3, aor: 1 })
        .wait(1000)
        .cut(60)
        .wait(5)
        .register('A', ['c0', 'c1', 'c2', 'c3'], { phone: 3, aor: 1 })
        .wait(ms - 5)
        .register('A', ['c0'])
        .wait(2)
        .register('B', ['c1'], { phone: 1 })
        .wait(3000),
    );
  });

  t.test('a link that is lost during the reconciliation leaves no gap behind', async (t) => {
    alwaysEndsWith(t, ['c0', 'c1', 'c2', 'c3'], WHILE_RECONCILING, (ms) =>
      new Story({ ...SLOW_LINK, logBytesMax: 700 })
        .cut(60)
        .wait(10)
        .register('A', ['c0'])
        .wait(10)
        .register('A', ['c1'], { phone: 1 })
        .wait(10)
        .register('A', ['c0', 'c1', 'c2'], { phone: 2 })
        .wait(ms - 30)
        .register('A', ['c3'], { phone: 3 })
        .wait(14)
        .cut(60)
        .wait(3000),
    );
  });

  t.test('a restarted node takes over the time of its twin', async (t) => {
    endsWith(t, ['c0'], () =>
      new Story()
        .crash('B', 100, 'kept', 2400)
        .wait(CLOCKS_SETTLED_MS)
        .cut(3000)
        .register('B', ['-c0'])
        .wait(1000)
        .register('A', ['c0'], { phone: 1 })
        .wait(4000),
    );
  });
});

t.test('links', async (t) => {
  /** How long after the beginning of the story node B was in sync again for the last time. */
  function backInSyncMs(t: Test, story: Story): number {
    const { fault, trace } = story.tell();
    t.equal(fault, undefined);
    const line = trace.findLast((each) => each.includes(' B  is in sync')) ?? '';
    return Number(line.trim().split(' ')[0]) * SECOND - BEGINS_MS;
  }

  t.test('a twin that starts anew is linked at once, although the old link still looks alive', async (t) => {
    const story = new Story().fault({ kind: 'crash', node: 'B', downMs: 100, silently: true, disk: 'kept' }).wait(8000);
    t.ok(backInSyncMs(t, story) < SECOND);
  });

  t.test('a twin that dials again is linked at once, although the old link still looks alive', async (t) => {
    t.ok(backInSyncMs(t, new Story().halfClose('B').wait(8000)) < SECOND);
  });

  t.test('a twin that is silent is given up, and linked again when it is heard', async (t) => {
    const story = new Story().freeze(['A', 'B'], 6000).wait(4000).register('A', ['c0']).wait(9000);
    t.ok(story.tell().trace.some((line) => line.includes('A  is out of sync')));
    endsWith(t, ['c0'], () => story);
  });
});

t.test('forgetting', async (t) => {
  const stalled = { kind: 'disk-stall', forMs: 60 * SECOND } as const;

  t.test('a removal outlives a longer lifetime that an older copy has', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .wait(2000)
        .register('A', ['c0'])
        .wait(3000)
        .cut(110 * SECOND)
        .register('A', ['c0'], { expiresS: 60 })
        .wait(1000)
        .register('A', ['-c0'])
        .wait(100 * SECOND)
        .crash('B', 200)
        .wait(15 * SECOND),
    );
    endsWith(t, [], () =>
      new Story()
        .wait(CLOCKS_SETTLED_MS)
        .cut(110 * SECOND)
        .register('B', ['c0'])
        .wait(1000)
        .register('A', ['c0'], { expiresS: 60 })
        .wait(1000)
        .register('A', ['-c0'])
        .wait(115 * SECOND),
    );
  });

  t.test('what is removed is dropped early only when no disk can bring the older binding back', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .register('A', ['c0'])
        .wait(3000)
        .fault({ ...stalled, node: 'B' })
        .register('A', ['-c0'])
        .wait(50 * SECOND)
        .crash('B', 300)
        .wait(3000),
    );
    endsWith(t, [], () =>
      new Story()
        .register('A', ['c0'])
        .wait(3000)
        .fault({ ...stalled, node: 'B' })
        .register('B', ['-c0'])
        .wait(50 * SECOND)
        .crash('B', 300)
        .wait(3000),
    );
    endsWith(t, [], () =>
      new Story()
        .register('A', ['c0'])
        .wait(3000)
        .fault({ ...stalled, node: 'A' })
        .register('A', ['-c0'])
        .wait(47 * SECOND)
        .crash('B', 300, 'wiped')
        .wait(400)
        .crash('A', 300)
        .wait(3000),
    );
  });

  t.test('what came back by a reconciliation is on the disk only after a flush', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .register('B', ['c1'])
        .wait(3000)
        .fault({ ...stalled, node: 'B' })
        .star('B', { phone: 1 })
        .wait(47 * SECOND)
        .crash('B', 400)
        .wait(4000)
        .crash('B', 400)
        .wait(3000),
    );
    endsWith(t, [], () =>
      new Story()
        .register('A', ['c0'])
        .wait(3000)
        .fault({ ...stalled, node: 'B' })
        .register('A', ['-c0'])
        .wait(8000)
        .crash('A', 200, 'wiped')
        .wait(40 * SECOND)
        .crash('B', 400)
        .wait(3000),
    );
  });

  t.test('a flush that began before the removal is no proof that it is on the disk', async (t) => {
    // Some of these moments lie within a flush, which the stall then keeps from ending.
    const moments = [0, 150, 300, 450, 600, 750, 900, 1050, 1200, 1350, 1500, 1650];
    const stallsAgain = { kind: 'disk-stall', forMs: 20 * SECOND } as const;
    alwaysEndsWith(t, [], moments, (ms) =>
      new Story({ flushMostMs: 900 })
        .register('A', ['c0'])
        .wait(3000 + ms)
        .fault({ kind: 'disk-stall', node: 'B', forMs: 45 * SECOND })
        .register('B', ['-c0'])
        .wait(45.2 * SECOND)
        .fault({ ...stallsAgain, node: 'B' })
        .wait(5000)
        .crash('B', 300)
        .wait(3000),
    );
    alwaysEndsWith(t, [], moments, (ms) =>
      new Story({ flushMostMs: 900 })
        .register('A', ['c0'])
        .wait(3000 + ms)
        .fault({ kind: 'disk-stall', node: 'A', forMs: 45 * SECOND })
        .register('A', ['-c0'])
        .wait(45.2 * SECOND)
        .fault({ ...stallsAgain, node: 'A' })
        .wait(3000)
        .crash('B', 300, 'wiped')
        .wait(700)
        .crash('A', 300)
        .wait(3000),
    );
  });

  t.test('a floor stays until what it ended is gone', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .register('A', ['c2'])
        .wait(1000)
        .star('A', { phone: 1 })
        .wait(120 * SECOND)
        .wait(1)
        .jump(580 * SECOND),
    );
  });

  t.test('a removed permanent binding stays removed, however long the other node was away', async (t) => {
    endsWith(t, [], () =>
      new Story()
        .add('A', 'c0')
        .wait(3000)
        .crash('B', 3 * H)
        .wait(1000)
        .remove('A', 'c0')
        .wait(1000)
        .jump(2 * H)
        .wait(2000)
        .jump(H)
        .wait(3000),
    );
    endsWith(t, [], () =>
      new Story()
        .add('A', 'c0')
        .wait(3000)
        .crash('B', 3 * H)
        .wait(1000)
        .star('A', { phone: 1 })
        .wait(1000)
        .jump(2 * H)
        .wait(2000)
        .jump(H)
        .wait(3000),
    );
  });

  t.test('that a binding was once permanent reaches the other node, although nothing else differs', async (t) => {
    endsWith(t, [], () =>
      new Story({ logBytesMax: 100 })
        .cut(4000)
        .wait(100)
        .add('B', 'c0')
        .wait(2200)
        .fault({ ...stalled, node: 'B' })
        .register('A', ['c0'], { expiresS: 60 })
        .wait(6000)
        .crash('B', H + 500 * SECOND)
        .wait(1000)
        .jump(H + 200 * SECOND)
        .wait(2000)
        .jump(290 * SECOND)
        .wait(20_000),
    );
  });

  t.test('after a cut longer than H both tables are compared, even if both logs reach back', async (t) => {
    endsWith(t, ['c0'], () =>
      new Story()
        .cut(9000)
        .wait(10)
        .add('B', 'c0')
        .wait(1000)
        .register('A', ['c0'], { expiresS: 60 })
        .wait(1000)
        .jump(H + 100 * SECOND)
        .wait(9000),
    );
  });

  /**
   * A registers a binding for H and goes down, B unregisters it; A starts alone, ten seconds before the end of the binding and with a
   * slow clock, says after a while that it is synced, and meets B so long after that end.
   */
  function startsAloneAndSlow(slowMs: number, meetsAfterMs: number, alone: (story: Story) => Story): Story {
    const startsAtMs = H - 10 * SECOND;
    const story = new Story({ active: 'B' })
      .register('A', ['c0'], { expiresS: H_S })
      .wait(1100)
      .crash('A', startsAtMs - 1100, 'kept', -slowMs)
      .wait(10)
      .register('B', ['-c0'])
      .wait(890)
      .jump(H - 20 * SECOND)
      .wait(500)
      .cut(17_500 + meetsAfterMs)
      .wait(16 * SECOND);
    return alone(story).wait(1500 + meetsAfterMs);
  }

  t.test('a node that starts with a slow clock does not revive what the other one is about to forget', async (t) => {
    for (const meetsAfterMs of [3 * SECOND, 20 * SECOND, 42 * SECOND])
      endsWith(t, [], () => startsAloneAndSlow(50 * SECOND, meetsAfterMs, (story) => story));
    endsWith(t, [], () => startsAloneAndSlow(2500, 2300, (story) => story));
  });

  t.test(
    'a node whose clock is minutes slow takes over the time of its twin, if it has not used its own',
    async (t) => {
      endsWith(t, [], () => startsAloneAndSlow(300 * SECOND, 110 * SECOND, (story) => story));
    },
  );

  t.test('clocks that are minutes apart do not come together when both were used', async (t) => {
    endsWith(t, ['c1'], () =>
      startsAloneAndSlow(300 * SECOND, 110 * SECOND, (story) => story.register('A', ['c1'], { phone: 1 })),
    );
  });

  t.test('a node that has only started forgets nothing, since its clock may be wrong', async (t) => {
    endsWith(t, [], () =>
      new Story({ active: 'B' })
        .register('A', ['c1'], { expiresS: H_S })
        .wait(3000)
        .crash('A', H + 102_000, 'kept', -300_000)
        .wait(100)
        .register('B', ['c1'], { expiresS: 600 })
        .wait(3000)
        .crash('B', H + 90_000, 'kept')
        .wait(900)
        .jump(H + 90_000)
        .wait(20_000),
    );
  });
});
