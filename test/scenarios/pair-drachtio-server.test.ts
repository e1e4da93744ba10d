import t, { type Test } from 'tap';
import { setTimeout as pause } from 'node:timers/promises';
import type { Daemon } from '../support/daemon.ts';
import type { DrachtioServer } from '../support/drachtio/place.ts';
import { DRACHTIO } from '../support/engines.ts';
import { Pair } from '../support/pair.ts';
import { contradicted, RecordingPhones, type PhoneRecord } from '../support/recording-phones.ts';
import { cseqsOf } from '../support/shown-table.ts';
import type { SipClient } from '../support/sip-client.ts';
import { inTest } from '../support/soak.ts';
import { until } from '../support/until.ts';

interface Trouble {
  readonly name: string;
  readonly begin: (server: DrachtioServer) => unknown;
  readonly end: (server: DrachtioServer) => unknown;
}

const TROUBLES: readonly Trouble[] = [
  { name: 'is killed and started again', begin: (server) => server.kill(), end: (server) => server.start() },
  { name: 'hangs and goes on', begin: (server) => server.hang(), end: (server) => server.resume() },
];

const ROUNDS = inTest(1, { inSoak: 20 });

const CLUSTERER = ['commit_timeout_ms: 499'];

const { perSecond, phones: phoneCount } = DRACHTIO.load;
const HALF = { perSecond: perSecond / 2, phones: phoneCount / 2 };

t.test(`phones stay with a node whose ${DRACHTIO.name} is killed and hung under load`, async (t) => {
  const pair = await Pair.start(t, { engine: DRACHTIO, clusterer: CLUSTERER, http: true });
  const lasting = await RecordingPhones.start(t, pair.node(1), HALF);
  // Phones that go on mend by their next REGISTER what was lost or revived of an earlier one.
  const silent = await RecordingPhones.start(t, pair.node(1), { ...HALF, first: HALF.phones });
  const more = (group: RecordingPhones) => group.answers(group.answeredCount + HALF.phones);
  const records = () => [...lasting.records(), ...silent.records()];
  for (const { name, begin, end } of Array.from({ length: ROUNDS }, () => TROUBLES).flat()) {
    await t.test(`it ${name}`, async (t) => {
      await Promise.all([more(lasting), more(silent)]);
      await begin(serverOf(pair));
      await until(async () => (await readiness(pair.node(1))) === 503);
      await silent.silence();
      const told = records();
      await holds(t, pair, told, 'while it is away');
      await end(serverOf(pair));
      await until(async () => (await readiness(pair.node(1))) === 200);
      await more(lasting);
      const isSilent = (_: PhoneRecord, index: number) => index >= HALF.phones;
      await holds(t, pair, told.filter(isSilent), 'when it is back, of those that were silent');
      silent.resume();
    });
  }
  await Promise.all([more(lasting), more(silent)]);
  await Promise.all([lasting.stop(), silent.stop()]);
  t.same(await pair.differences(), []);
  await holds(t, pair, records(), 'in the end');
  t.same(DRACHTIO.unexpected([...lasting.refusals, ...silent.refusals]), []);
  const times = ROUNDS * TROUBLES.length;
  t.match((await pair.node(1).status()).drachtio, { connected: true, losses: times, connects: times + 1 });
});

/** Both nodes show what phones were told. */
async function holds(t: Test, pair: Pair, told: readonly PhoneRecord[], when: string): Promise<void> {
  for (const nodeId of [1, 2] as const) {
    const shown = cseqsOf(await pair.table(nodeId));
    t.same(contradicted(told, told, shown), [], `node ${String(nodeId)}, ${when}`);
  }
}

const WAITING = 50;
const ASKED_AGAIN_MS = 300;

t.test(`REGISTERs that wait for the twin when the ${DRACHTIO.name} is lost are not answered twice`, async (t) => {
  const pair = await Pair.start(t, { engine: DRACHTIO, viaRelay: true, clusterer: CLUSTERER, http: true });
  const phone = await pair.node(1).phone(t);
  for (const [round, { name, begin, end }] of TROUBLES.entries()) {
    await t.test(`it ${name}`, async (t) => {
      const users = Array.from({ length: WAITING }, (_, index) => `waiting-${String(round)}-${String(index)}`);
      pair.link.freeze();
      const sent = users.map((user) => send(phone, user));
      await until(async () => (await here(pair.node(1), users)) === WAITING);
      await begin(serverOf(pair));
      await until(async () => (await readiness(pair.node(1))) === 503);
      pair.link.thaw();
      await pair.inSync();
      await end(serverOf(pair));
      await until(async () => (await readiness(pair.node(1))) === 200);
      // One that came while it was not trusted yet is refused, and asked once more.
      const again = new Map(users.map((user) => [user, [] as string[]]));
      await until(async () => {
        const unserved = [...again].filter(
          ([, branches]) => !branches.some((branch) => answersTo(phone, branch).some(isOk)),
        );
        for (const [user, branches] of unserved) branches.push(send(phone, user));
        await pause(ASKED_AGAIN_MS);
        return unserved.length === 0;
      });
      t.same(await pair.differences(), []);
      t.equal(await here(pair.node(2), users), WAITING);
      const branches = [...sent, ...[...again.values()].flat()];
      t.same(
        branches.filter((branch) => answersTo(phone, branch).length > 1),
        [],
        'no request has two answers',
      );
      t.equal(
        (await pair.node(1).status()).drachtio?.unsent_replies,
        0,
        'and none was answered where nobody had asked',
      );
    });
  }
});

/** @returns the branch */
function send(phone: SipClient, user: string): string {
  const text = phone.text({
    method: 'REGISTER',
    aor: `sip:${user}@example.com`,
    contacts: [`<sip:${user}@192.0.2.1>`],
    expires: 600,
    callId: user,
  });
  phone.sendRaw(text);
  return /branch=([^;]*)/.exec(text)?.[1] ?? '';
}

function answersTo(phone: SipClient, branch: string): readonly string[] {
  return phone.unexpected.filter((text) => text.includes(`branch=${branch};`));
}

function isOk(text: string): boolean {
  return text.startsWith('SIP/2.0 200 ');
}

/** How many of these users a node shows. */
async function here(node: Daemon, users: readonly string[]): Promise<number> {
  const aors = new Set((await node.dump()).map(({ AOR }) => AOR));
  return users.filter((user) => aors.has(`${user}@example.com`)).length;
}

function serverOf(pair: Pair): DrachtioServer {
  const { server } = pair.node(1);
  if (server === undefined) throw new Error('the node has SIP of its own');
  return server;
}

async function readiness({ address, httpPort }: Daemon): Promise<number> {
  return (await fetch(`http://${address}:${String(httpPort)}/ready`)).status;
}
