import t, { type Test } from 'tap';
import { setTimeout as pause } from 'node:timers/promises';
import { DRACHTIO, EMBEDDED, ENGINES, type TestEngine } from '../support/engines.ts';
import { Pair, type NodeId } from '../support/pair.ts';
import type { SipClient } from '../support/sip-client.ts';
import { inTest } from '../support/soak.ts';
import { until } from '../support/until.ts';

/*
 * Phones send to node 1, which hangs; they give up, start again with a new Call-ID, as RFC 3261 §10.2.4 lets them, and are answered by node 2. Then
 * node 1 goes on, and has their old requests before it: no CSeq tells that these are older.
 */

/** Of each story; all requests that wait have to fit into the receive buffer of a socket. */
const PHONES = 40;
const WITNESSES = 5;
const ROUNDS = inTest(1, { inSoak: 20 });

/** Longer than what passes for a moment of load, shorter than what a server is given up for. */
const MOMENT_MS = 1200;

interface Change {
  /** `here` and `elsewhere`: a phone that starts again may have another port. */
  readonly contact: 'here' | 'elsewhere' | '*';
  readonly isRemoved: boolean;
}

interface Story {
  readonly name: string;
  readonly late: Change;
  readonly meanwhile: readonly Change[];
  readonly left: readonly Change['contact'][];
}

const STORIES: readonly Story[] = [
  {
    name: 'unregistered',
    late: { contact: 'here', isRemoved: false },
    meanwhile: [{ contact: 'here', isRemoved: true }],
    left: [],
  },
  {
    name: 'moved',
    late: { contact: 'here', isRemoved: false },
    meanwhile: [
      { contact: 'elsewhere', isRemoved: false },
      { contact: 'here', isRemoved: true },
    ],
    left: ['elsewhere'],
  },
  {
    name: 'registered',
    late: { contact: 'here', isRemoved: true },
    meanwhile: [{ contact: 'here', isRemoved: false }],
    left: ['here'],
  },
  {
    name: 'registered-twice',
    late: { contact: '*', isRemoved: true },
    meanwhile: [
      { contact: 'here', isRemoved: false },
      { contact: 'elsewhere', isRemoved: false },
    ],
    left: ['elsewhere', 'here'],
  },
];

interface Hang {
  readonly name: string;
  readonly begin: (pair: Pair) => void;
  /** Resolves when it has lasted long enough. */
  readonly lasts: (pair: Pair) => Promise<unknown>;
  readonly end: (pair: Pair) => unknown;
}

const aMoment = () => pause(MOMENT_MS);

const NODE: Hang = {
  name: 'a node hangs, and no server of it',
  begin: (pair) => pair.freeze(1),
  lasts: aMoment,
  end: (pair) => pair.thaw(1),
};

const SERVER: Hang = {
  name: 'the server of a node hangs for a moment',
  begin: (pair) => pair.node(1).server?.hang(),
  lasts: aMoment,
  end: (pair) => pair.node(1).server?.resume(),
};

const HANGS: readonly (Hang & { readonly engine: TestEngine })[] = [
  { ...NODE, engine: EMBEDDED },
  { ...NODE, engine: DRACHTIO },
  { ...SERVER, engine: DRACHTIO },
  {
    ...SERVER,
    engine: DRACHTIO,
    name: 'the server of a node hangs until it is given up',
    lasts: (pair) => until(async () => (await pair.node(1).status()).drachtio?.connected === false),
  },
  {
    name: 'a node and its server hang',
    engine: DRACHTIO,
    begin: (pair) => {
      SERVER.begin(pair);
      NODE.begin(pair);
    },
    lasts: aMoment,
    end: async (pair) => {
      NODE.end(pair);
      // As busy as a machine is that goes on after a pause, it may be a while until its next process does.
      await pair.node(1).status();
      SERVER.end(pair);
    },
  },
];

for (const engine of ENGINES) {
  t.test(`late requests do not undo what the twin answered meanwhile (${engine.name})`, async (t) => {
    const pair = await Pair.start(t, { engine });
    const clients = { 1: await pair.node(1).phone(t), 2: await pair.node(2).phone(t) };
    const hangs = HANGS.filter((hang) => hang.engine === engine);
    for (const [index, hang] of Array.from({ length: ROUNDS }, () => hangs)
      .flat()
      .entries()) {
      await t.test(hang.name, (t) => hangsAndGoesOn(t, pair, clients, hang, String(index)));
    }
  });
}

/** @param round no other one has this name */
async function hangsAndGoesOn(
  t: Test,
  pair: Pair,
  clients: Readonly<Record<NodeId, SipClient>>,
  { begin, lasts, end }: Hang,
  round: string,
): Promise<void> {
  const phones = STORIES.flatMap((story) =>
    Array.from({ length: PHONES }, (_, index) => ({ story, user: `${story.name}-${round}-${String(index)}` })),
  );
  const first: Change = { contact: 'here', isRemoved: false };
  await Promise.all(phones.map(({ user }) => isAnswered(clients[1], user, 'old', [first])));
  begin(pair);
  for (const { user, story } of phones) clients[1].sendRaw(textOf(clients[1], user, 'old', 2, story.late));
  await lasts(pair);
  await Promise.all(phones.map(({ user, story }) => isAnswered(clients[2], user, 'new', story.meanwhile)));
  await end(pair);
  await serves(clients[1], `witness-${round}`);

  t.same(await pair.differences(), []);
  const expected = new Map(phones.map(({ user, story }) => [user, story.left]));
  for (const nodeId of [1, 2] as const) t.same(await wrongAt(pair, nodeId, expected), [], `node ${String(nodeId)}`);
}

/** One after the other, each is answered with 200. */
async function isAnswered(client: SipClient, user: string, life: string, changes: readonly Change[]): Promise<void> {
  for (const [index, change] of changes.entries()) {
    const { status, text } = await client.request({ method: 'REGISTER', ...fieldsOf(user, life, index + 1, change) });
    if (status !== 200) throw new Error(`${user} was answered so: ${text}`);
  }
}

function textOf(client: SipClient, user: string, life: string, cseq: number, change: Change): string {
  return client.text({ method: 'REGISTER', ...fieldsOf(user, life, cseq, change) });
}

function fieldsOf(user: string, life: string, cseq: number, { contact, isRemoved }: Change) {
  const place = contact === '*' ? '*' : `<sip:${user}@${contact}.example.com>`;
  return {
    aor: `sip:${user}@example.com`,
    contacts: [place],
    expires: isRemoved ? 0 : 600,
    callId: `${user}-${life}`,
    cseq,
  };
}

/**
 * Resolves when a phone that asks again and again is served: on the same socket, and so behind all that waited there. Several times, since
 * a server hands a request or two to a connection that it has not yet seen to be gone.
 */
async function serves(client: SipClient, user: string): Promise<void> {
  let cseq = 0;
  await until(() => {
    cseq += 1;
    client.sendRaw(textOf(client, user, 'only', cseq, { contact: 'here', isRemoved: false }));
    const served = client.unexpected.filter(
      (text) => text.startsWith('SIP/2.0 200 ') && text.includes(`\r\nCall-ID: ${user}-only\r\n`),
    );
    return served.length >= WITNESSES;
  });
}

/** What a node has otherwise than phones were told. @param expected by user */
async function wrongAt(
  pair: Pair,
  nodeId: NodeId,
  expected: ReadonlyMap<string, readonly string[]>,
): Promise<readonly string[]> {
  const dump = new Map((await pair.node(nodeId).dump()).map(({ AOR, Contacts }) => [AOR, Contacts]));
  return [...expected].flatMap(([user, places]) => {
    const contacts = dump.get(`${user}@example.com`) ?? [];
    const found = contacts.map(({ Contact, Callid }) => `${Contact} ${Callid}`).sort();
    const right = places.map((place) => `sip:${user}@${place}.example.com ${user}-new`);
    return found.join() === right.join() ? [] : [`${user}: ${found.join()} instead of ${right.join()}`];
  });
}
