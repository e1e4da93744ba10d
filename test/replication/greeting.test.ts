import t from 'tap';
import { FRAME } from '../../lib/replication/frame-type.ts';
import { goodbyeFrame } from '../../lib/replication/goodbye.ts';
import type { GreetingOutcome } from '../../lib/replication/greeting.ts';
import { Greeting } from '../../lib/replication/greeting.ts';
import type { Hello } from '../../lib/replication/hello.ts';
import { helloFrame } from '../../lib/replication/hello.ts';
import { hello, helloBack, NOON, rules, rulesBack, SECRET } from './support/hellos.ts';
import { writeHello } from './support/naive-codec.ts';

function nodeOne(secrets: readonly string[] = [SECRET], own: Partial<Hello> = {}): Greeting {
  const usesSecret = secrets.length > 0;
  return new Greeting(helloBack({ usesSecret, ...own }), rules({ usesSecret }), secrets);
}

function nodeTwo(secrets: readonly string[] = [SECRET], own: Partial<Hello> = {}): Greeting {
  const usesSecret = secrets.length > 0;
  return new Greeting(hello({ usesSecret, ...own }), rulesBack({ usesSecret }), secrets);
}

/** Hands over one whole frame. */
function tell(to: Greeting, bytes: Buffer, clusterMs = NOON): GreetingOutcome {
  return to.take(bytes[4] ?? 0, bytes.subarray(5, -4), clusterMs);
}

function sent(outcome: GreetingOutcome): Buffer {
  if (outcome.kind !== 'send') throw new Error(`not a frame but: ${JSON.stringify(outcome)}`);
  return outcome.bytes;
}

/** Both say hello; returns the proof of each. */
function hellos(one: Greeting, two: Greeting): { ofOne: Buffer; ofTwo: Buffer } {
  return { ofOne: sent(tell(one, two.hello())), ofTwo: sent(tell(two, one.hello())) };
}

t.test('two nodes that know the same secret prove it to each other', async (t) => {
  const [one, two] = [nodeOne(), nodeTwo()];
  const { ofOne, ofTwo } = hellos(one, two);
  t.match(tell(one, ofTwo), { kind: 'proved', proved: { peer: { nodeId: 2, incarnation: 22 } } });
  t.match(tell(two, ofOne), { kind: 'proved', proved: { peer: { nodeId: 1, incarnation: 11 } } });
});

t.test('one that does not know it is refused', async (t) => {
  const [one, two] = [nodeOne(), nodeTwo(['another secret'])];
  const { ofOne, ofTwo } = hellos(one, two);
  t.match(tell(one, ofTwo), { kind: 'refuse', goodbye: { reason: 'wrong-secret' }, peer: { nodeId: 2 } });
  t.match(tell(two, ofOne), { kind: 'refuse', goodbye: { reason: 'wrong-secret' } });
});

t.test('while a secret is replaced it is enough to have one in common', async (t) => {
  for (const [a, b] of [
    [['old'], ['new', 'old']],
    [
      ['old', 'new'],
      ['new', 'old'],
    ],
    [['new', 'old'], ['new']],
  ] as const) {
    const [one, two] = [nodeOne(a), nodeTwo(b)];
    const { ofOne, ofTwo } = hellos(one, two);
    t.equal(tell(one, ofTwo).kind, 'proved');
    t.equal(tell(two, ofOne).kind, 'proved');
  }
});

t.test('without a secret on both sides nothing is proved, and whoever says so is let in', async (t) => {
  const [one, two] = [nodeOne([]), nodeTwo([])];
  const { ofTwo } = hellos(one, two);
  t.equal(tell(one, ofTwo).kind, 'proved');
  const stray = sent(tell(nodeTwo(), helloFrame(helloBack())));
  t.match(tell(nodeOneAfterHello([]), stray), { kind: 'refuse', goodbye: { reason: 'wrong-secret' } });
});

function nodeOneAfterHello(secrets: readonly string[]): Greeting {
  const one = nodeOne(secrets);
  tell(one, nodeTwo(secrets).hello());
  return one;
}

t.test('a proof without any secret in it is none', async (t) => {
  const one = nodeOneAfterHello([SECRET]);
  const empty = sent(tell(nodeTwo([]), nodeOne([]).hello()));
  t.match(tell(one, empty), { kind: 'refuse', goodbye: { reason: 'wrong-secret' } });
});

t.test('a proof is worth nothing on another connection', async (t) => {
  const { ofTwo } = hellos(nodeOne(), nodeTwo());
  const later = nodeOne([SECRET], { nonce: Buffer.alloc(16, 9) });
  tell(later, nodeTwo().hello());
  t.match(tell(later, ofTwo), { kind: 'refuse', goodbye: { reason: 'wrong-secret' } });
});

t.test('nobody can be made to prove something to himself', async (t) => {
  const [one, two] = [nodeOne(), nodeTwo()];
  const { ofOne } = hellos(one, two);
  t.match(tell(one, ofOne), { kind: 'refuse', goodbye: { reason: 'wrong-secret' } });
  t.match(tell(nodeOne(), nodeOne().hello()), { kind: 'refuse', goodbye: { reason: 'same-node-id' } });
});

t.test('a hello that was changed on its way is not proved', async (t) => {
  const [one, two] = [nodeOne(), nodeTwo()];
  const lie = helloFrame(hello({ clean: true }));
  tell(one, lie);
  const ofTwo = sent(tell(two, one.hello()));
  t.match(tell(one, ofTwo), { kind: 'refuse', goodbye: { reason: 'wrong-secret' } });
});

t.test('what a later version puts behind its hello is part of what is proved', async (t) => {
  const body = Buffer.from([...writeHello(hello({ versionMost: 2 })), 1, 2, 3]);
  const one = nodeOne();
  t.equal(one.take(FRAME.hello, body, NOON).kind, 'send');
});

t.test('rules are looked at after the proof, so that strangers learn nothing of them', async (t) => {
  const other = { ...hello().keyRules, matchingMode: 1 } as const;
  const [one, stranger] = [nodeOne(), nodeTwo(['guessed'], { keyRules: other, horizonS: 1 })];
  const { ofTwo } = hellos(one, stranger);
  t.match(tell(one, ofTwo), { goodbye: { reason: 'wrong-secret' } });
  const [again, twin] = [nodeOne(), nodeTwo([SECRET], { keyRules: other })];
  t.match(tell(again, hellos(again, twin).ofTwo), { goodbye: { reason: 'key-rules' } });
});

t.test('another version is refused before the rest of its hello is read', async (t) => {
  const body = Buffer.from([0x54, 0x57, 0x4e, 0x52, 2, 3]);
  t.match(nodeOne().take(FRAME.hello, body, NOON), {
    kind: 'refuse',
    goodbye: { reason: 'protocol-version' },
    peer: undefined,
  });
});

t.test("the offset is the other's time minus ours, whatever each leg took", async (t) => {
  const ahead = 5000;
  const [one, two] = [nodeOne([SECRET], { clockMs: NOON }), nodeTwo([SECRET], { clockMs: NOON + ahead })];
  // 30 ms from one to two, where it is dealt with at once, and 10 ms back.
  const ofTwo = sent(tell(two, one.hello(), NOON + 30 + ahead));
  tell(one, two.hello(), NOON + 35);
  const outcome = tell(one, ofTwo, NOON + 40);
  t.match(outcome, { kind: 'proved', proved: { offsetMs: ahead + 10, roundTripMs: 40 } });
});

t.test('both measure the same thing the other way round', async (t) => {
  const [one, two] = [nodeOne([SECRET], { clockMs: NOON }), nodeTwo([SECRET], { clockMs: NOON - 700 })];
  const ofTwo = sent(tell(two, one.hello(), NOON + 20 - 700));
  const ofOne = sent(tell(one, two.hello(), NOON + 20));
  t.match(tell(one, ofTwo, NOON + 40), { proved: { offsetMs: -700, roundTripMs: 40 } });
  t.match(tell(two, ofOne, NOON + 40 - 700), { proved: { offsetMs: 700, roundTripMs: 40 } });
});

t.test('a goodbye is read at any point', async (t) => {
  const goodbye = { reason: 'unknown-node', text: 'who are you' } as const;
  t.same(tell(nodeOne(), goodbyeFrame(goodbye)), { kind: 'refused', goodbye });
  t.same(tell(nodeOneAfterHello([SECRET]), goodbyeFrame(goodbye)), { kind: 'refused', goodbye });
});

t.test('a goodbye for a terminal is plain text, and not long', async (t) => {
  const text = `\u001b[2Jstatus: fine\r\n${'x'.repeat(600)}`;
  const outcome = tell(nodeOne(), goodbyeFrame({ reason: 'stopping', text }));
  const found = outcome.kind === 'refused' ? outcome.goodbye.text : '';
  t.match(found, /^\?\[2Jstatus: fine\?\?x+$/);
  t.equal(found.length, 512);
});

t.test('a goodbye with a number of a later version still has its sentence', async (t) => {
  const body = Buffer.from([99, 0, 3, 0x61, 0x62, 0x63, 7, 7]);
  t.match(nodeOne().take(FRAME.goodbye, body, NOON), { goodbye: { reason: 'protocol-error', text: 'abc' } });
});

t.test('each frame has one place', async (t) => {
  const unexpected = { name: 'ProtocolError', code: 'frame-unexpected' };
  const proof = sent(tell(nodeTwo(), nodeOne().hello()));
  t.throws(() => tell(nodeOne(), proof), unexpected, 'a proof before a hello');
  t.throws(() => tell(nodeOneAfterHello([SECRET]), nodeTwo().hello()), unexpected, 'a second hello');
  for (const type of Object.values(FRAME)) {
    if (type === FRAME.hello || type === FRAME.auth || type === FRAME.goodbye) continue;
    t.throws(() => nodeOne().take(type, Buffer.alloc(50), NOON), unexpected);
    t.throws(() => nodeOneAfterHello([SECRET]).take(type, Buffer.alloc(50), NOON), unexpected);
  }
});

t.test('a malformed hello or proof is said to be so', async (t) => {
  const malformed = { name: 'ProtocolError', code: 'frame-malformed' };
  t.throws(() => nodeOne().take(FRAME.hello, Buffer.from('GET / HTTP/1.1'), NOON), malformed);
  t.throws(() => nodeOne().take(FRAME.hello, Buffer.alloc(0), NOON), malformed);
  t.throws(() => nodeOneAfterHello([SECRET]).take(FRAME.auth, Buffer.alloc(13, 3), NOON), malformed, 'three proofs');
  t.throws(() => nodeOneAfterHello([SECRET]).take(FRAME.auth, Buffer.alloc(14), NOON), malformed, 'one octet more');
  const octets = [...writeHello(hello())];
  octets[49] = 2;
  t.throws(() => nodeOne().take(FRAME.hello, Buffer.from(octets), NOON), malformed, 'matching_mode 2');
});
