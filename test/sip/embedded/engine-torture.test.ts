import t from 'tap';
import { TORTURE_CASES } from '../torture/cases.ts';
import type { TortureCase } from '../torture/torture-case.ts';
import { headerOf, requestText, statusOf } from './sip-text.ts';
import { TestEngine } from './test-engine.ts';

/** A REGISTER of the phone's own, whose reply shows that all before it was dealt with. */
const MARKER = 'still-alive';
const REGISTER = requestText({ callId: MARKER });

interface Phone {
  send(text: string): void;
  receive(): Promise<string>;
}

/** Sends it with a REGISTER behind, and gives what came back before the REGISTER's 200. */
async function repliesTo(phone: Phone, message: string): Promise<string[]> {
  phone.send(message);
  phone.send(REGISTER);
  const replies: string[] = [];
  for (;;) {
    const reply = await phone.receive();
    if (headerOf(reply, 'Call-ID') === MARKER) return statusOf(reply) === 200 ? replies : [...replies, reply];
    replies.push(reply);
  }
}

/**
 * What the engine answers by itself. The bindings and what a registrar has against a valid REGISTER are not its
 * business: the handler here says 200 to each.
 */
function expectReaction(t: Tap, torture: TortureCase, replies: readonly string[]): void {
  const statuses = replies.map(statusOf);
  if (torture.parsed === 'response' || torture.isReplyable === false) t.same(statuses, []);
  else if (typeof torture.parsed === 'number') t.same(statuses, [torture.parsed]);
  else if (torture.method === 'REGISTER') t.same(statuses, [200]);
  else expectFinal(t, torture, statuses);
}

function expectFinal(t: Tap, { reply }: TortureCase, statuses: readonly number[]): void {
  t.equal(statuses.length, 1);
  const [status = 0] = statuses;
  if (reply === 'final') t.ok(status >= 200 && status !== 400, String(status));
  else t.ok(reply !== 'none' && reply.includes(status), String(status));
}

type Tap = Pick<typeof t, 'equal' | 'ok' | 'same'>;

for (const torture of TORTURE_CASES) {
  t.test(`${torture.name} (RFC ${torture.section}) gets its reaction, and a phone still registers`, async (t) => {
    const test = await TestEngine.start(t);

    await t.test('over UDP', async (t) => {
      const phone = await test.udpPhone();
      expectReaction(t, torture, await repliesTo(phone, torture.message));
    });

    await t.test('over TCP', async (t) => {
      const phone = await test.tcpPhone();
      switch (torture.onStream) {
        case undefined:
          expectReaction(t, torture, await repliesTo(phone, torture.message));
          break;
        case 'two messages':
          t.equal((await repliesTo(phone, torture.message)).length, 2);
          break;
        case 'closes':
          t.same(statusOf(await phone.ask(torture.message)), 400);
          await phone.ended;
          break;
        case 'waits':
          phone.send(torture.message);
          t.same(await repliesTo(await test.tcpPhone(), ''), []);
          test.clock.advance(5000);
          await phone.ended;
          t.equal(phone.received, '');
          break;
      }
      t.equal(test.engine.statistics.engineErrors, 0);
      t.same(await repliesTo(await test.tcpPhone(), ''), [], 'over another connection too');
    });
  });
}
