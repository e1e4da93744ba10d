import t, { type Test } from 'tap';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { daemonCommand } from '../support/daemon-env.ts';
import { Daemon } from '../support/daemon.ts';
import { realDrachtio } from '../support/drachtio/drachtio-process.ts';
import { DRACHTIO } from '../support/engines.ts';
import { freePort } from '../support/free-port.ts';
import { Program } from '../support/program.ts';
import { requireTool } from '../support/require-tool.ts';
import { SipClient } from '../support/sip-client.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const SECTION = /^## Your own routes beside the registrar$[^]*?(?=^## )/m;
const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/DRACHTIO.md'), 'utf8');
const MI = '127.0.0.1:8888/mi';

/** Nobody is there: a call that comes here ignored where the phone really is. */
const ELSEWHERE = 'sip:bob@127.0.0.1:9';
const CONFIG = 'nathelper: {natping_interval: 0, nat_uac_test: [diff-port-src-contact]}';

const curl = requireTool('curl');

t.test('the page says how to ask where somebody is registered', { skip: curl.skip }, async (t) => {
  const daemon = await Daemon.start(t, { http: true, config: CONFIG });
  const ask = () => {
    const command = replaced(block('sh'), { [MI]: `${daemon.address}:${String(daemon.httpPort)}/mi` });
    return JSON.parse(execFileSync('sh', ['-c', command]).toString());
  };
  t.match(ask(), { error: { code: 404 } });
  const phone = await daemon.phone(t);
  await phone.register({ aor: 'sip:bob@example.com', contacts: [`<${ELSEWHERE}>`] });
  t.match(ask(), {
    result: { Contacts: [{ Contact: ELSEWHERE, Received: `sip:127.0.0.1:${String(phone.localPort)}` }] },
  });
});

const real = realDrachtio();
const sipp = requireTool('sipp', 'sip-tester');

t.test(
  "the page's application puts calls through",
  { skip: real.skip === false ? sipp.skip : real.skip },
  async (t) => {
    const daemon = await Daemon.start(t, { engine: DRACHTIO, http: true, config: CONFIG });
    const app = startApplication(t, daemon);
    const caller = await daemon.phone(t);
    const bob = `sip:bob@${daemon.address}:${String(daemon.port)};user=phone`;
    const invite = { method: 'INVITE', uri: bob, contacts: [`<${caller.contactUri('alice')}>`] };

    await t.test('nobody is registered: 480', async (t) => {
      // Until the application is connected the server has nobody to ask.
      const status = await until(async () => {
        const response = await caller.request(invite);
        return response.status !== 503 && response.status;
      });
      t.equal(status, 480, app.output);
    });

    await t.test('the callee is busy: the caller is told so', async (t) => {
      const phone = await registered(t, daemon);
      const answer = caller.request(invite);
      phone.sendRaw(response(await received(phone, 'INVITE'), '486 Busy Here'));
      t.equal((await answer).status, 486, app.output);
    });

    await t.test('the caller gives up: the phone rings no more', async (t) => {
      const phone = await registered(t, daemon);
      const text = caller.text(invite);
      caller.sendRaw(text);
      const ringing = await received(phone, 'INVITE');
      phone.sendRaw(response(ringing, '180 Ringing'));
      await received(caller, 'SIP/2.0 180');
      caller.sendRaw(text.replaceAll('INVITE', 'CANCEL'));
      phone.sendRaw(response(await received(phone, 'CANCEL'), '200 OK'));
      phone.sendRaw(response(ringing, '487 Request Terminated'));
      t.match(await received(caller, 'SIP/2.0 487'), /^CSeq: 1 INVITE/m);
    });

    await t.test('the callee answers, behind a NAT: a call, until the caller hangs up', async (t) => {
      const port = await freePort(daemon.address);
      const phone = await SipClient.udp(daemon, daemon.address, port);
      await phone.register({ aor: `sip:bob@${daemon.address}`, contacts: [`<${ELSEWHERE}>`] });
      phone.close();
      const callee = startSipp(t, ['-sn', 'uas', '-i', daemon.address, '-p', String(port)]);
      const server = `${daemon.address}:${String(daemon.port)}`;
      const call = startSipp(t, ['-sn', 'uac', '-s', 'bob', '-i', daemon.address, server]);
      t.equal(await call.ended(), 0, call.output + app.output);
      t.equal(await callee.ended(), 0, callee.output + app.output);
    });

    t.ok(app.isRunning, app.output);
  },
);

function startApplication(t: Test, { address, httpPort, server }: Daemon): Program {
  if (server === undefined) throw new Error('the application needs a server');
  const text = replaced(block('js'), {
    "'127.0.0.1'": `'${server.adminAddress}'`,
    '9022': String(server.adminPort),
    'CHANGE-ME': server.secret,
    [MI]: `${address}:${String(httpPort)}/mi`,
  });
  // As text: its imports are looked for from here.
  return new Program(t, ...daemonCommand(process.execPath, '--input-type=module', '--eval', text));
}

/** A phone of bob's that tells where it is. */
async function registered(t: Test, daemon: Daemon): Promise<SipClient> {
  const phone = await daemon.phone(t);
  const { status } = await phone.register({ aor: `sip:bob@${daemon.address}`, callId: 'bob' });
  t.equal(status, 200);
  t.teardown(() => daemon.mi('ul_rm', { table_name: 'location', aor: `bob@${daemon.address}` }));
  return phone;
}

function received(client: SipClient, start: string): Promise<string> {
  return until(() => client.unexpected.find((text) => text.startsWith(`${start} `)));
}

function response(request: string, status: string): string {
  const rows = request.split('\r\n').filter((row) => /^(Via|From|To|Call-ID|CSeq):/.test(row));
  const tagged = rows.map((row) => (row.startsWith('To:') ? `${row};tag=callee` : row));
  return `SIP/2.0 ${status}\r\n${tagged.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`;
}

function startSipp(t: Test, args: readonly string[]): Program {
  return new Program(t, sipp.path ?? '', [
    ...args,
    '-m',
    '1',
    '-nostdin',
    '-error_file',
    join(tempFolder(t), 'errors'),
  ]);
}

function block(language: string): string {
  const section = SECTION.exec(PAGE)?.[0] ?? '';
  const [, text] = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'm').exec(section) ?? [];
  if (text === undefined) throw new Error(`the page has no ${language} block`);
  return text;
}

function replaced(text: string, places: Readonly<Record<string, string>>): string {
  return Object.entries(places).reduce((done, [written, meant]) => {
    if (!done.includes(written)) throw new Error(`the page does not say ${written}`);
    return done.replace(written, meant);
  }, text);
}
