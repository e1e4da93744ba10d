import t from 'tap';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { Daemon, type DumpedAor } from '../support/daemon.ts';
import { DRACHTIO, EMBEDDED } from '../support/engines.ts';
import { askFifo } from '../support/fifo-client.ts';
import { contradicted, RecordingPhones } from '../support/recording-phones.ts';
import { inTest } from '../support/soak.ts';

/** Contacts that are there all the time, and phones that come and go beside them. */
const LASTING = inTest(20_000, { inSoak: 300_000 });
const LOADS = [
  { engine: EMBEDDED, perSecond: inTest(400, { inSoak: 2000 }), phones: 400 },
  { engine: DRACHTIO, perSecond: 300, phones: 300 },
];

const CONFIG = 'nathelper:\n  natping_interval: 0\n';

interface Dump {
  readonly Domains: readonly { readonly AORs: readonly DumpedAor[] }[];
}

for (const { engine, ...load } of LOADS) {
  t.test(`dumps over HTTP, unix socket and FIFO are whole while phones come and go (${engine.name})`, async (t) => {
    const daemon = await Daemon.start(t, { engine, http: true, fifo: true, config: CONFIG });
    await addLasting(daemon);
    const phones = await RecordingPhones.start(t, daemon, load);
    await phones.answers(load.phones);

    const earliest = phones.records();
    const answeredBefore = phones.answeredCount;
    const ways: readonly (readonly [name: string, dump: () => Promise<Dump>])[] = [
      ['HTTP', () => overHttp(daemon)],
      ['unix socket', () => overCommand(daemon)],
      ['FIFO', () => overFifo(daemon)],
    ];
    const dumps = await Promise.all(ways.map(async ([name, dump]) => [name, await dump()] as const));
    const text = await askFifo(daemon, (reply) => `:ul_dump:${reply}\nbrief\n\n`);
    t.ok(phones.answeredCount > answeredBefore, 'phones are answered meanwhile');
    // A phone goes on only when it was answered: each of them has gone on since.
    await phones.answers(phones.answeredCount + 2 * load.phones);
    const latest = phones.records();

    for (const [name, dump] of dumps) {
      const aors = dump.Domains.flatMap(({ AORs }) => AORs);
      t.equal(new Set(aors.map(({ AOR }) => AOR)).size, aors.length, `${name}: no AoR twice`);
      t.same(missing(aors), [], `${name}: all that was there throughout`);
      t.same(contradicted(earliest, latest, cseqsOf(aors)), [], `${name}: no phone's binding is one that it never had`);
    }
    const lines = text.match(/^\tAOR:: lasting\d+@/gm) ?? [];
    t.equal(lines.length, LASTING, 'text form: each once');
    t.equal(new Set(lines).size, LASTING);

    t.same(phones.refusals, []);
    t.same(
      earliest.filter(({ asked }, index) => (latest[index]?.answered ?? 0) < asked),
      [],
      'what phones asked for meanwhile was answered',
    );
  });
}

function contactOf(index: number): string {
  return `sip:lasting${index}@127.0.0.1:9`;
}

/** Adds them by one connection that sends all requests at once. */
async function addLasting(daemon: Daemon): Promise<void> {
  const socket = createConnection(daemon.socketPath);
  const errors: string[] = [];
  let replies = 0;
  const lines = createInterface({ input: socket }).on('line', (line) => {
    replies += 1;
    if (!line.includes('"result":"OK"')) errors.push(line);
  });
  for (let index = 0; index < LASTING; index += 1) {
    const params = ['location', `lasting${index}@example.com`, contactOf(index), 0, '1', 0, '0', 5951];
    socket.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'ul_add', params, id: index })}\n`);
  }
  socket.end();
  await once(lines, 'close');
  if (replies !== LASTING || errors.length > 0) throw new Error(`${replies} replies, errors: ${errors.join('\n')}`);
}

async function overHttp(daemon: Daemon): Promise<Dump> {
  const response = await fetch(`http://${daemon.address}:${daemon.httpPort}/mi`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', method: 'ul_dump', id: 1 }),
  });
  return resultOf(await response.text());
}

async function overCommand(daemon: Daemon): Promise<Dump> {
  const { out } = await daemon.twinreg('ul', 'dump', '--json');
  return JSON.parse(out) as Dump;
}

async function overFifo(daemon: Daemon): Promise<Dump> {
  const call = JSON.stringify({ jsonrpc: '2.0', method: 'ul_dump', id: 1 });
  return resultOf(await askFifo(daemon, (reply) => `:${reply}:${call}\n`));
}

function resultOf(reply: string): Dump {
  return (JSON.parse(reply) as { readonly result: Dump }).result;
}

/** Of those that last, the ones that are not there with their one contact. */
function missing(aors: readonly DumpedAor[]): string[] {
  const shown = new Map(aors.map(({ AOR, Contacts }) => [AOR, Contacts.map(({ Contact }) => Contact).join()]));
  const names = Array.from({ length: LASTING }, (_, index) => `lasting${index}@example.com`);
  return names.filter((name, index) => shown.get(name) !== contactOf(index));
}

/** The CSeq of each phone's binding by its Call-ID. */
function cseqsOf(aors: readonly DumpedAor[]): Map<string, number> {
  const contacts = aors.filter(({ AOR }) => AOR.startsWith('phone')).flatMap(({ Contacts }) => Contacts);
  return new Map(contacts.map(({ Callid, Cseq }) => [Callid, Cseq]));
}
