import t, { type Test } from 'tap';
import { deepEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { BARELY_SIP, BROKEN, ODD } from '../sip/drachtio/exchanges/malformed.ts';
import { junk } from '../sip/embedded/junk.ts';
import { headerOf, requestText, statusOf } from '../sip/embedded/sip-text.ts';
import { UdpPhone } from '../sip/embedded/udp-phone.ts';
import { TORTURE_CASES } from '../sip/torture/cases.ts';
import { Daemon } from '../support/daemon.ts';
import { DRACHTIO, EMBEDDED } from '../support/engines.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { inTest } from '../support/soak.ts';

const MESSAGES: readonly (readonly [name: string, message: string])[] = [
  // A server drops what came by another transport than its Via says.
  ...TORTURE_CASES.map(
    ({ name, message }) => [name, message.replace(/(?<=\r\n(?:Via|v): SIP\/2\.0\/)(?:TCP|TLS)/, 'UDP')] as const,
  ),
  ...[...BARELY_SIP, ...BROKEN, ...ODD].map(
    ({ what, change }, index) => [what, change(registerOf(`malformed-${String(index)}`))] as const,
  ),
  ['octets that are no UTF-8', registerOf('octets').replace('<sip:alice@192', '"\xff\xfe" <sip:j\xf6rg@192')],
];

/** What the registrar need not hear of: a server may answer it by itself, or drop it. */
const KEPT_BY_A_SERVER: ReadonlySet<string> = new Set([
  ...TORTURE_CASES.filter(({ method }) => method !== 'REGISTER' && method !== 'OPTIONS').map(({ name }) => name),
  ...['scalar02', 'regbadct', 'baddn', 'badvers', 'mismatch01', 'mcl01', 'ipv6-bad'],
  ...[...BARELY_SIP, ...BROKEN].map(({ what }) => what),
  'Max-Forwards of no number',
  'an empty Contact',
  'Expires of words',
  'a negative CSeq',
  'two To',
  'a To that is no URI',
  'empty lines before',
  'an answer to come over TCP',
]);

const CONFIG = 'usrloc: {working_mode_preset: single-instance-no-db}\nnathelper: {natping_interval: 0}\n';

interface Answers {
  /** Of the daemon that has its sockets itself. */
  readonly alone: readonly string[];
  readonly behind: readonly string[];
}

/** Two daemons that are the same but for their engines. */
class Both {
  readonly #alone: Daemon;
  readonly #behind: Daemon;
  #phonesAddress = '';
  #messages = 0;
  #markers = 0;

  private constructor(alone: Daemon, behind: Daemon) {
    this.#alone = alone;
    this.#behind = behind;
  }

  static async start(t: Test): Promise<Both> {
    const alone = await Daemon.start(t, { engine: EMBEDDED, config: CONFIG });
    return new Both(alone, await Daemon.start(t, { engine: DRACHTIO, config: CONFIG }));
  }

  /** What each answers to the same message from the same port. */
  async answer(message: string): Promise<Answers> {
    // No port comes twice, and an address has some ten thousand.
    if (this.#messages++ % 1000 === 0) this.#phonesAddress = loopbackAddress();
    const port = await freePort(this.#phonesAddress);
    const alone = await this.#ask(this.#alone, port, message);
    return { alone, behind: await this.#ask(this.#behind, port, message) };
  }

  /** What comes back before the 200 to a REGISTER that was sent after it. */
  async #ask(daemon: Daemon, port: number, message: string): Promise<readonly string[]> {
    const phone = await UdpPhone.open(daemon, this.#phonesAddress, port);
    const marker = `marker-${String((this.#markers += 1))}`;
    phone.send(message);
    phone.send(registerOf(marker));
    const answers: string[] = [];
    for (;;) {
      const answer = await phone.receive();
      if (headerOf(answer, 'Call-ID') === marker && statusOf(answer) === 200) break;
      answers.push(answer);
    }
    phone.close();
    return answers;
  }
}

t.test(`what a ${DRACHTIO.name} passes on is answered as by the embedded engine`, async (t) => {
  const both = await Both.start(t);
  const kept: string[] = [];
  for (const [name, message] of MESSAGES) {
    const { alone, behind } = await both.answer(message);
    if (isOurs(behind) || alone.length + behind.length === 0) t.strictSame(behind.map(said), alone.map(said), name);
    else kept.push(name);
  }
  t.strictSame(
    kept.filter((name) => !KEPT_BY_A_SERVER.has(name)),
    [],
    'and the rest is passed on',
  );
});

t.test(`so is any request of which parts are something else (${DRACHTIO.name})`, async (t) => {
  const both = await Both.start(t);
  let passed = 0;
  let sent = 0;
  const property = fc.asyncProperty(junk, async (text) => {
    // Neither what a server kept before nor a request that looks like one before has a part in it.
    const message = text.replaceAll(/alice|call-1|z9hG4bK-1/g, `$&${String((sent += 1))}`);
    const { alone, behind } = await both.answer(message);
    if (!isOurs(behind)) return;
    passed += 1;
    deepEqual(behind.map(said).map(withoutReason), alone.map(said).map(withoutReason));
  });
  await t.resolves(fc.assert(property, { numRuns: inTest(200, { inSoak: 20_000 }) }));
  t.ok(passed > 0, `${String(passed)} of ${String(sent)} were passed on`);
});

function registerOf(callId: string): string {
  const via = `SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-${callId};rport`;
  return requestText({ callId, via, rows: ['Contact: <sip:alice@192.0.2.7>'] });
}

/** A server answers without a name. */
function isOurs(answers: readonly string[]): boolean {
  return answers.some((answer) => headerOf(answer, 'Server') !== undefined);
}

/** What an answer says that is not copied from the request, which a server does in its own way. */
function said(answer: string): readonly string[] {
  const [startLine = '', ...rows] = (answer.split('\r\n\r\n')[0] ?? '').split(/\r?\n(?![ \t])/);
  const contacts = rows.filter((row) => row.startsWith('Contact: ')).map((row) => row.slice('Contact: '.length));
  const others = rows.filter((row) => !/^(Via|v|From|f|To|t|Call-ID|i|CSeq|Contact|Date)[ \t]*:/i.test(row));
  return [startLine, contacts.join(', ').replaceAll(/;expires=\d+/g, ''), ...others.sort()];
}

/** Of several faults in one request, a server may have mended the one that is named first. */
function withoutReason([startLine = '', ...others]: readonly string[]): readonly string[] {
  return [startLine.replace(/(?<=^SIP\/2\.0 400 ).*/, ''), ...others];
}
