import t from 'tap';
import { Greeting } from '../../lib/replication/greeting.ts';
import { GREETING_BYTES_MAX, GREETING_LINKS_MAX, GREETING_TIMEOUT_MS } from '../../lib/replication/limits.ts';
import { FRAME } from '../../lib/replication/frame-type.ts';
import type { Greeted, ReceptionOwner } from '../../lib/replication/reception.ts';
import { Reception } from '../../lib/replication/reception.ts';
import type { Goodbye } from '../../lib/replication/goodbye.ts';
import { goodbyeFrame } from '../../lib/replication/goodbye.ts';
import { ProtocolError } from '../../lib/replication/protocol-error.ts';
import { hello, helloBack, NOON, rules, rulesBack, SECRET } from './support/hellos.ts';
import { readFrames, readGoodbye, writeFrame } from './support/naive-codec.ts';

/** The one who has the link, and notes what happens. Node 1. */
class Owner implements ReceptionOwner {
  readonly reception = new Reception(this);
  link: number | undefined;
  readonly sent = new Map<number, Buffer[]>();
  readonly closed: number[] = [];
  readonly gones: number[] = [];
  readonly away: Goodbye[] = [];
  readonly linkFrames: number[] = [];
  readonly outcomes: Greeted[] = [];
  readonly errors: string[] = [];
  onLinkFrame: (type: number) => void = () => undefined;

  isLink(link: number): boolean {
    return link === this.link;
  }

  linkFrame(type: number): void {
    this.linkFrames.push(type);
    this.onLinkFrame(type);
  }

  greeted({ link }: { readonly link: number }, outcome: Greeted): void {
    this.outcomes.push(outcome);
    if (outcome.kind === 'proved') this.link = link;
    else if (outcome.kind === 'refuse') this.reception.sayGoodbye(link, outcome.goodbye);
    else this.reception.drop(link);
  }

  brokeProtocol({ link }: { readonly link: number }, error: ProtocolError, goodbye: Goodbye): void {
    this.errors.push(error.code);
    this.reception.sayGoodbye(link, goodbye);
  }

  sendAway({ link }: { readonly link: number }, goodbye: Goodbye): void {
    this.away.push(goodbye);
    this.reception.sayGoodbye(link, goodbye);
  }

  gone(link: number): void {
    this.gones.push(link);
  }

  send(link: number, bytes: Buffer): void {
    this.sent.set(link, [...(this.sent.get(link) ?? []), bytes]);
  }

  close(link: number): void {
    this.closed.push(link);
  }

  enter(link: number, nowMs = 0): void {
    this.reception.enter(link, false, new Greeting(helloBack(), rules(), [SECRET]), nowMs);
  }

  /** Types of the frames that went out on a connection. */
  types(link: number): number[] {
    return readFrames(Buffer.concat(this.sent.get(link) ?? [])).map(({ type }) => type);
  }

  /** The sentence and number that the connection ended with. */
  goodbyeOn(link: number): { reason: number; text: string } {
    const last = readFrames(Buffer.concat(this.sent.get(link) ?? [])).at(-1);
    if (last?.type !== FRAME.goodbye) throw new Error('no goodbye');
    return readGoodbye(last.body);
  }

  /** The twin greets on this connection until it is the link. */
  meetTwin(link: number): void {
    this.enter(link);
    const two = new Greeting(hello(), rulesBack(), [SECRET]);
    this.reception.received(link, two.hello(), NOON);
    const [ownHello = Buffer.alloc(0)] = this.sent.get(link) ?? [];
    const outcome = two.take(FRAME.hello, ownHello.subarray(5, -4), NOON);
    if (outcome.kind === 'send') this.reception.received(link, outcome.bytes, NOON);
  }
}

t.test('on a new connection this node says hello before it hears anything', async (t) => {
  const owner = new Owner();
  t.ok(owner.reception.isEmpty);
  owner.enter(2);
  t.notOk(owner.reception.isEmpty);
  t.same(owner.types(2), [FRAME.hello]);
});

t.test("who proves to be the twin is told to the owner, and from then on frames are the link's", async (t) => {
  const owner = new Owner();
  owner.meetTwin(2);
  t.match(owner.outcomes, [{ kind: 'proved' }]);
  owner.reception.received(
    2,
    writeFrame(
      FRAME.start,
      Array.from({ length: 13 }, () => 0),
    ),
    NOON,
  );
  t.same(owner.linkFrames, [FRAME.start]);
});

t.test('frames may come in pieces and together', async (t) => {
  const owner = new Owner();
  owner.meetTwin(2);
  const bytes = Buffer.concat([writeFrame(FRAME.done, []), writeFrame(FRAME.ack, [1]), writeFrame(FRAME.done, [])]);
  owner.reception.received(2, bytes.subarray(0, 12), NOON);
  owner.reception.received(2, bytes.subarray(12), NOON);
  t.same(owner.linkFrames, [FRAME.done, FRAME.ack, FRAME.done]);
});

t.test('after the link is dropped nothing behind in the same chunk counts', async (t) => {
  const owner = new Owner();
  owner.meetTwin(2);
  owner.onLinkFrame = () => owner.reception.drop(2);
  owner.reception.received(2, Buffer.concat([writeFrame(FRAME.done, []), writeFrame(FRAME.done, [])]), NOON);
  t.same(owner.linkFrames, [FRAME.done]);
  t.same(owner.gones, [2]);
});

t.test('whoever does not speak the protocol hears which rule it was, and is closed', async (t) => {
  const owner = new Owner();
  owner.enter(2);
  owner.reception.received(2, Buffer.from('GET / HTTP/1.1\r\n\r\n'), NOON);
  t.same(owner.errors, ['frame-too-long']);
  t.match(owner.goodbyeOn(2), { reason: 2, text: /^frame-too-long: / });
  t.same(owner.closed, [2]);
  t.same(owner.gones, [2]);
  owner.reception.received(2, writeFrame(FRAME.hello, []), NOON);
  t.equal(owner.errors.length, 1, 'what still comes is ignored');
});

t.test('a stranger may not send long frames, the twin may', async (t) => {
  const owner = new Owner();
  owner.enter(4);
  const long = writeFrame(
    FRAME.hello,
    Array.from({ length: GREETING_BYTES_MAX + 1 }, () => 0),
  );
  owner.reception.received(4, long.subarray(0, 5), NOON);
  t.same(owner.errors, ['frame-too-long'], 'five octets are enough to know');
});

t.test('a defect in this program is not taken for one of the other end', async (t) => {
  const owner = new Owner();
  owner.meetTwin(2);
  owner.onLinkFrame = () => {
    throw new TypeError('a defect');
  };
  t.throws(() => owner.reception.received(2, writeFrame(FRAME.done, []), NOON), TypeError);
  t.same(owner.errors, []);
});

t.test('who is refused hears why', async (t) => {
  const owner = new Owner();
  owner.enter(2);
  owner.reception.received(2, new Greeting(hello({ clusterId: 9 }), rulesBack(), [SECRET]).hello(), NOON);
  t.match(owner.goodbyeOn(2), { reason: 4 });
  t.same(owner.closed, [2]);
});

t.test('who says goodbye is closed without another word', async (t) => {
  const owner = new Owner();
  owner.enter(2);
  owner.reception.received(2, goodbyeFrame({ reason: 'stopping', text: '' }), NOON);
  t.same(owner.types(2), [FRAME.hello]);
  t.same(owner.closed, [2]);
});

t.test('a connection that the network ends is gone, and need not be closed', async (t) => {
  const owner = new Owner();
  owner.enter(2);
  owner.reception.closed(2);
  t.same(owner.gones, [2]);
  t.same(owner.closed, []);
  owner.reception.closed(2);
  owner.reception.drop(2);
  owner.reception.sayGoodbye(2, { reason: 'stopping', text: '' });
  t.same(owner.gones, [2], 'once');
  t.same(owner.types(2), [FRAME.hello]);
});

t.test('who has not proved who he is in time is sent away', async (t) => {
  const owner = new Owner();
  owner.enter(2, 1000);
  owner.enter(4, 1500);
  t.equal(owner.reception.dueMs, 1000 + GREETING_TIMEOUT_MS);
  owner.reception.expire(1000 + GREETING_TIMEOUT_MS - 1);
  t.same(owner.closed, []);
  owner.reception.expire(1000 + GREETING_TIMEOUT_MS);
  t.same(owner.closed, [2]);
  t.match(owner.goodbyeOn(2), { reason: 13, text: /3 s/ });
  t.match(owner.away, [{ reason: 'timeout' }]);
  t.equal(owner.reception.dueMs, 1500 + GREETING_TIMEOUT_MS);
});

t.test('a trickle of octets buys a stranger no time', async (t) => {
  const owner = new Owner();
  owner.enter(2, 0);
  for (let count = 0; count < 100; count++) owner.reception.received(2, Buffer.from([0]), NOON);
  owner.reception.expire(GREETING_TIMEOUT_MS);
  t.ok(owner.closed.includes(2));
});

t.test('the link has all the time in the world', async (t) => {
  const owner = new Owner();
  owner.meetTwin(2);
  t.equal(owner.reception.dueMs, Infinity);
  owner.reception.expire(10 * GREETING_TIMEOUT_MS);
  t.same(owner.closed, []);
});

t.test('of one connection too many the oldest goes, with a word', async (t) => {
  const owner = new Owner();
  for (let index = 1; index <= GREETING_LINKS_MAX; index++) owner.enter(2 * index);
  t.same(owner.closed, []);
  owner.enter(1000);
  t.same(owner.closed, [2]);
  t.match(owner.goodbyeOn(2), { reason: 16 });
  t.match(owner.away, [{ reason: 'too-many' }]);
  t.equal(owner.reception.all().length, GREETING_LINKS_MAX);
});

t.test('but never the link, though it is the oldest of all', async (t) => {
  const owner = new Owner();
  owner.meetTwin(2);
  for (let index = 2; index <= GREETING_LINKS_MAX + 2; index++) owner.enter(2 * index);
  t.same(owner.closed, [4, 6]);
  t.ok(owner.reception.find(2));
});
