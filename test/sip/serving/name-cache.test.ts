import t from 'tap';
import { NameCache } from '../../../lib/sip/serving/name-cache.ts';
import { ManualClock } from '../../support/manual-clock.ts';

type Answer = readonly string[] | Error;

/** A name service that answers when the test says so. */
class Service {
  readonly asked: string[] = [];
  readonly #open: ((answer: Answer) => void)[] = [];

  readonly lookup = (name: string): Promise<readonly string[]> => {
    this.asked.push(name);
    return new Promise((resolve, reject) =>
      this.#open.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
    );
  };

  /** Answers the oldest question; resolves when the answer is taken in. */
  async answer(answer: Answer): Promise<void> {
    this.#open.shift()?.(answer);
    await turn();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function newCache(): { cache: NameCache; service: Service; clock: ManualClock } {
  const [service, clock] = [new Service(), new ManualClock()];
  return { cache: new NameCache(service.lookup, clock), service, clock };
}

interface QuickCache {
  readonly cache: NameCache;
  readonly clock: ManualClock;
  readonly asked: string[];
  /** Asks for `n<first>` and those behind it, as slowly as they are taken. */
  readonly know: (first: number, count: number) => Promise<void>;
}

/** Every name has an address at once. */
function newQuickCache(): QuickCache {
  const clock = new ManualClock();
  const asked: string[] = [];
  const cache = new NameCache((name) => Promise.resolve([asked.push(name) > 0 ? '192.0.2.1' : '']), clock);
  const know = async (first: number, count: number): Promise<void> => {
    for (let number = first; number < first + count; number += 1) {
      cache.addresses(`n${String(number)}`);
      clock.advance(50);
      if (number % 10 === 0) await turn();
    }
    await turn();
  };
  return { cache, clock, asked, know };
}

const NOT_FOUND = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
const NO_ANSWER = Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });

t.test('a name is unknown at first, is asked for once, and then known for a minute', async (t) => {
  const { cache, service, clock } = newCache();
  t.same([cache.addresses('p.example.com'), cache.addresses('p.example.com')], [[], []]);
  t.same(service.asked, ['p.example.com']);
  await service.answer(['192.0.2.1', '2001:DB8:0::1', '::ffff:192.0.2.2', 'nonsense']);
  t.same(cache.addresses('p.example.com'), ['192.0.2.1', '2001:db8::1', '192.0.2.2']);
  clock.advance(59_999);
  cache.addresses('p.example.com');
  t.equal(service.asked.length, 1);
  clock.advance(1);
  t.same(cache.addresses('p.example.com').length, 3, 'what was known is good until there is another answer');
  t.equal(service.asked.length, 2);
  await service.answer(['192.0.2.9']);
  t.same(cache.addresses('p.example.com'), ['192.0.2.9']);
});

t.test('that there is no such name is remembered as long', async (t) => {
  const { cache, service, clock } = newCache();
  cache.addresses('none.example.com');
  await service.answer(NOT_FOUND);
  clock.advance(59_999);
  t.same(cache.addresses('none.example.com'), []);
  t.equal(service.asked.length, 1);
  clock.advance(1);
  cache.addresses('none.example.com');
  t.equal(service.asked.length, 2);
});

t.test('a DNS server that does not answer takes no address away, one that denies the name does', async (t) => {
  const { cache, service, clock } = newCache();
  cache.addresses('p');
  await service.answer(['192.0.2.1']);
  clock.advance(60_000);
  cache.addresses('p');
  await service.answer(NO_ANSWER);
  t.same(cache.addresses('p'), ['192.0.2.1']);
  t.equal(service.asked.length, 2, 'and is left alone for a minute');
  clock.advance(60_000);
  cache.addresses('p');
  await service.answer(NOT_FOUND);
  t.same(cache.addresses('p'), []);
});

t.test('32 questions are under way at most, and the others are asked when they come again', async (t) => {
  const { cache, service, clock } = newCache();
  for (let number = 0; number < 100; number += 1) {
    cache.addresses(`n${String(number)}`);
    clock.advance(100);
  }
  t.equal(service.asked.length, 32);
  await service.answer(NO_ANSWER);
  cache.addresses('n99');
  t.equal(service.asked.at(-1), 'n99');
});

t.test('20 questions a second are begun at most, whoever asks', async (t) => {
  const { cache, clock, asked } = newQuickCache();
  for (let number = 0; number < 100; number += 1) cache.addresses(`n${String(number)}`);
  t.equal(asked.length, 20);
  await turn();
  clock.advance(999);
  cache.addresses('n20');
  t.equal(asked.length, 20);
  clock.advance(1);
  for (let number = 0; number < 100; number += 1) cache.addresses(`n${String(number)}`);
  t.equal(asked.length, 40);
  t.equal(cache.addresses('n0').length, 1, 'what is known needs no question');
});

t.test('questions that hang take no known name away, nor the answer that they should bring anew', async (t) => {
  const { cache, service, clock } = newCache();
  cache.addresses('proxy.example.com');
  await service.answer(['192.0.2.1']);
  for (let number = 0; number < 32; number += 1) {
    cache.addresses(`slow${String(number)}.example.net`);
    clock.advance(60_000);
    t.same(cache.addresses('proxy.example.com'), ['192.0.2.1']);
  }
  t.equal(service.asked.filter((name) => name === 'proxy.example.com').length, 2, 'its own question hangs too');
});

t.test('4096 names are known at most, and none in use gives way to another', async (t) => {
  const { cache, clock, know } = newQuickCache();
  await know(0, 4096);
  await know(4096, 1);
  t.equal(cache.addresses('n4096').length, 0, 'all were used within ten minutes');
  clock.advance(600_050 - clock.monotonicMs());
  for (let number = 0; number < 4096; number += 1) if (number !== 1) cache.addresses(`n${String(number)}`);
  await turn();
  clock.advance(1000);
  await know(4096, 2);
  t.equal(cache.addresses('n4096').length, 1, 'in the place of n1, which nobody asked for again');
  t.equal(cache.addresses('n4097').length, 0);
  for (const known of [0, 2, 4095]) t.equal(cache.addresses(`n${String(known)}`).length, 1, `n${String(known)}`);
  t.equal(cache.addresses('n1').length, 0);
});

t.test('the name of a proxy stays known beside thousands that a phone made up', async (t) => {
  const { cache, clock, asked } = newQuickCache();
  cache.addresses('proxy.example.com');
  await turn();
  for (let round = 0; round < 24; round += 1) {
    t.same(cache.addresses('proxy.example.com'), ['192.0.2.1']);
    for (let number = 0; number < 5000; number += 1) {
      cache.addresses(`made-up-${String(number)}.example.net`);
      if (number % 100 !== 0) continue;
      clock.advance(600);
      await turn();
    }
  }
  t.ok(asked.length <= (20 * clock.monotonicMs()) / 1000, `${String(asked.length)} questions`);
});

t.test('what ends in a number is no name, and nobody is asked for it', async (t) => {
  const { cache, service } = newCache();
  const numbers = ['127.1', '2130706433', '127.0.0.1.', '1.2.3.4.5', '999.1.1.1', '0x7f.1', '0x7f000001', 'a.0x'];
  for (const name of numbers) t.same(cache.addresses(name), [], name);
  t.same(service.asked, []);
  const names = ['3cx', 'p1', '1.example.com', '10.example.com.', '0xcafe.example'];
  for (const name of names) cache.addresses(name);
  t.same(service.asked, names);
});
