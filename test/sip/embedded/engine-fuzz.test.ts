import t from 'tap';
import { equal } from 'node:assert/strict';
import fc from 'fast-check';
import { collectedMemory } from './collected-memory.ts';
import { junk } from './junk.ts';
import { headerOf, requestText, statusOf } from './sip-text.ts';
import { TestEngine } from './test-engine.ts';
import type { TcpPhone } from './tcp-phone.ts';
import type { UdpPhone } from './udp-phone.ts';

const GROWTH_BYTES_MAX = 4 << 20;

/** Sends a REGISTER of its own and waits for its 200, past what else may come. */
async function registers(phone: UdpPhone | TcpPhone, marker: string): Promise<void> {
  phone.send(requestText({ callId: marker }));
  for (;;) {
    const reply = await phone.receive();
    if (headerOf(reply, 'Call-ID') === marker) return equal(statusOf(reply), 200);
  }
}

t.test('after any datagram a phone still registers, and memory does not grow', async (t) => {
  const test = await TestEngine.start(t);
  const phone = await test.udpPhone();
  let markers = 0;
  await registers(phone, 'warm');
  const before = collectedMemory();
  const property = fc.asyncProperty(fc.array(junk, { minLength: 1, maxLength: 20 }), async (datagrams) => {
    for (const datagram of datagrams) phone.send(datagram);
    await registers(phone, `marker-${String((markers += 1))}`);
    equal(test.engine.statistics.engineErrors, 0);
  });
  await t.resolves(fc.assert(property, { numRuns: 200 }));
  t.ok(collectedMemory() - before < GROWTH_BYTES_MAX);
});

t.test('after any stream, however it is split, a phone still registers, and memory does not grow', async (t) => {
  const test = await TestEngine.start(t);
  const witness = await test.tcpPhone();
  let markers = 0;
  await registers(witness, 'warm');
  const before = collectedMemory();
  const property = fc.asyncProperty(
    fc.array(junk, { minLength: 1, maxLength: 10 }),
    fc.nat({ max: 4 }),
    async (parts, cuts) => {
      const phone = await test.tcpPhone();
      const stream = parts.join('');
      const size = Math.max(1, Math.ceil(stream.length / (cuts + 1)));
      for (let at = 0; at < stream.length; at += size) await phone.sendApart(stream.slice(at, at + size));
      await registers(witness, `marker-${String((markers += 1))}`);
      phone.close();
      equal(test.engine.statistics.engineErrors, 0);
    },
  );
  await t.resolves(fc.assert(property, { numRuns: 100 }));
  await test.until(() => test.engine.connectionCount === 1);
  t.ok(collectedMemory() - before < GROWTH_BYTES_MAX);
});

t.test('any chunking of a stream of requests gets the same replies', async (t) => {
  const test = await TestEngine.start(t);
  const requests = Array.from({ length: 8 }, (_, index) =>
    requestText({
      callId: `call-${String(index)}`,
      method: index % 2 === 0 ? 'REGISTER' : 'OPTIONS',
      body: 'b'.repeat(index),
    }),
  );
  const stream = requests.join('\r\n');
  const whole = await test.tcpPhone();
  whole.send(stream);
  const expected = await repliesOf(whole, requests.length);
  t.equal(expected.length, requests.length);
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 40 });
  const property = fc.asyncProperty(cuts, async (places) => {
    const phone = await test.tcpPhone();
    const bounds = [0, ...places.sort((a, b) => a - b), stream.length];
    for (const [index, end] of bounds.slice(1).entries()) await phone.sendApart(stream.slice(bounds[index], end));
    const replies = await repliesOf(phone, requests.length);
    phone.close();
    equal(replies.join(), expected.join());
  });
  await t.resolves(fc.assert(property, { numRuns: 30 }));
});

/** Without the source port, which differs from connection to connection. */
async function repliesOf(phone: TcpPhone, count: number): Promise<string[]> {
  const replies: string[] = [];
  while (replies.length < count) replies.push((await phone.receive()).replace(/rport=\d+/, 'rport'));
  return replies;
}

t.test('endless octets on many connections cost the limit of each, no more', async (t) => {
  const test = await TestEngine.start(t, { tcp: { headBytesMax: 16_384 } });
  await registers(await test.tcpPhone(), 'warm');
  const before = collectedMemory();
  const phones = await Promise.all(Array.from({ length: 40 }, () => test.tcpPhone()));
  const part = 'x'.repeat(1000);
  for (let round = 0; round < 16; round += 1) await Promise.all(phones.map((phone) => phone.sendApart(part)));
  await registers(await test.tcpPhone(), 'between');
  t.ok(collectedMemory() - before < GROWTH_BYTES_MAX, '640 kB are held, and not much more');
  for (const phone of phones) phone.send(part);
  for (const phone of phones) await phone.ended;
  await registers(await test.tcpPhone(), 'after');
  t.equal(test.engine.statistics.connections['closed_framing'], 40);
});
