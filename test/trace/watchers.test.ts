import t from 'tap';
import { ManualClock } from '../support/manual-clock.ts';
import type { TimedEvent, TraceEvent } from '../../lib/trace/trace-event.ts';
import { EVENTS_PER_SECOND_MAX, Watchers, WATCHERS_MAX } from '../../lib/trace/watchers.ts';

const EVENT: TraceEvent = { event: 'expired', contact: 'sip:a@192.0.2.1' };

t.test('there are only so many traces at a time; one that ends makes room', async (t) => {
  const watchers = new Watchers(new ManualClock());
  const stops = Array.from({ length: WATCHERS_MAX }, (_, at) => watchers.watch(`user${at % 3}`, () => {}));
  t.notOk(watchers.hasRoom);
  t.equal(
    watchers.watch('late', () => {}),
    undefined,
  );
  t.notOk(watchers.watches('late'));
  stops[0]?.();
  stops[0]?.();
  t.ok(watchers.hasRoom);
  t.ok(watchers.watch('late', () => {}));
  t.notOk(watchers.hasRoom, 'ending one twice makes room for one');
});

t.test('all who watch an AoR hear of it, each until it ends', async (t) => {
  const watchers = new Watchers(new ManualClock());
  const heard: string[] = [];
  const stopFirst = watchers.watch('alice', () => heard.push('first'));
  watchers.watch('alice', () => heard.push('second'));
  watchers.tell('alice', EVENT);
  watchers.tell('bob', EVENT);
  stopFirst?.();
  watchers.tell('alice', EVENT);
  t.same(heard, ['first', 'second', 'second']);
  t.ok(watchers.watches('alice'));
});

t.test('a flood is cut to so many events a second, and how many are missing is said', async (t) => {
  const clock = new ManualClock();
  const watchers = new Watchers(clock);
  const heard: TimedEvent[] = [];
  const stop = watchers.watch('alice', (event) => heard.push(event));
  for (let i = 0; i < EVENTS_PER_SECOND_MAX + 7; i++) watchers.tell('alice', EVENT);
  t.equal(heard.length, EVENTS_PER_SECOND_MAX);
  clock.advance(1000);
  t.match(heard.at(-1), { event: 'skipped', count: 7 }, 'it is said without another event');
  watchers.tell('alice', EVENT);
  t.match(heard.at(-1), EVENT);
  t.equal(heard.length, EVENTS_PER_SECOND_MAX + 2);

  for (let i = 0; i < EVENTS_PER_SECOND_MAX + 7; i++) watchers.tell('alice', EVENT);
  stop?.();
  t.equal(clock.timerCount, 0);
});
