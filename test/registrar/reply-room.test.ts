import t from 'tap';
import { replyText } from '../../lib/sip/drachtio/reply-text.ts';
import { RegistrarWorld } from './support/registrar-world.ts';

function contact(index: number): string {
  return `<sip:phone-${String(index)}@192.0.2.${String(index)}>`;
}

/** As many phones as get in, and the answer of the first one that does not. */
function filled(world: RegistrarWorld, text = contact) {
  for (let count = 0; count < 200; count++) {
    const answer = world.register({ contact: text(count), callId: `c${String(count)}` });
    if (answer.status !== 200) return { count, answer };
  }
  return { count: 200, answer: undefined };
}

t.test('a contact more than a reply can list is refused in one sentence, and nothing is stored', async (t) => {
  const world = new RegistrarWorld({ replyBytesMax: 1500 });
  const { count, answer } = filled(world);
  t.ok(count > 20 && count < 30, String(count));
  t.equal(answer?.status, 503);
  t.equal(answer?.header('P-Registrar-Error'), 'More contacts than one reply through drachtio-server has room for');
  t.equal(world.shown().length, count);
});

t.test('who is bound can stay and go, and room that is made can be taken', async (t) => {
  const world = new RegistrarWorld({ replyBytesMax: 1500 });
  const { count } = filled(world);
  t.equal(world.register({ contact: contact(0), callId: 'c0', cseq: 2 }).status, 200, 'a refresh');
  t.equal(world.register({ contact: `${contact(1)};expires=0`, callId: 'c1', cseq: 2 }).status, 200, 'a removal');
  t.equal(world.register({ contact: contact(count), callId: 'new' }).status, 200, 'its place');
  t.equal(world.register({ contact: contact(count + 1), callId: 'newer' }).status, 503);
});

t.test('what is listed beside the contacts takes of the room', async (t) => {
  const route = { serviceRoutes: [`<sip:${'r'.repeat(600)};lr>`] };
  t.ok(
    filled(new RegistrarWorld({ replyBytesMax: 1500, ...route })).count <
      filled(new RegistrarWorld({ replyBytesMax: 1500 })).count,
  );
});

t.test('every reply that is granted fits, and few contacts more would', async (t) => {
  const full = (index: number) =>
    `${contact(index)};q=0.123;expires=4294967295;+sip.instance="<urn:x:\\\\\\"\\\\\\"${String(index)}>"`;
  for (const text of [contact, full]) {
    const world = new RegistrarWorld({ replyBytesMax: 1500 });
    const { count } = filled(world, text);
    const { length } = replyText(world.register({ callId: 'query' }).reply, 's'.repeat(128));
    t.ok(length <= 1500, String(length));
    t.ok(length > 900, `${String(count)} contacts in ${String(length)} octets`);
  }
});

t.test('without a limit there is none', async (t) => {
  t.equal(filled(new RegistrarWorld()).count, 200);
});
