import t, { type Test } from 'tap';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Daemon } from '../support/daemon.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { Program } from '../support/program.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';

const FOLDER = resolve(import.meta.dirname, '../../node_modules/.opensips-cli');
const cli = join(FOLDER, 'bin/opensips-cli');
const python = requireTool('python3');
const skip = existsSync(cli) ? python.skip : 'needs opensips-cli (pip package opensipscli)';

const COMMANDS = ['ul_dump', 'ul_show_contact', 'ul_add', 'ul_rm', 'nh_enable_ping', 'get_statistics', 'uptime'];
const CONTACT = 'sip:alice@192.0.2.7:5062';

/** Runs `opensips-cli -x mi …` and gives what it printed, as JSON. */
type Mi = (...words: readonly string[]) => Promise<unknown>;

t.test('opensips-cli manages the daemon as it manages OpenSIPS', { skip }, async (t) => {
  const folder = tempFolder(t);
  const address = loopbackAddress();
  const http = `${address}:${String(await freePort(address))}`;
  const fifo = join(folder, 'opensips_fifo');
  const config = `mi:\n  http: ${http}\n  fifo_name: ${fifo}\n  reply_dir: ${folder}\n`;
  const daemon = await Daemon.start(t, { folder, config });

  await t.test('over HTTP', (t) => manage(t, daemon, miBy(t, ['communication_type=http', `url=http://${http}/mi`])));
  await t.test('over the FIFO', (t) => {
    const options = [
      'communication_type=fifo',
      `fifo_file=${fifo}`,
      `fifo_file_fallback=${fifo}`,
      `fifo_reply_dir=${folder}`,
    ];
    return manage(t, daemon, miBy(t, options));
  });
});

async function manage(t: Test, daemon: Daemon, mi: Mi): Promise<void> {
  const names = await mi('which');
  for (const name of COMMANDS) t.ok(Array.isArray(names) && names.includes(name), `${name} is there`);
  t.match(await mi('uptime'), { 'Up time': /^\d+ \[sec\]$/ });

  t.equal(await mi('ul_add', 'location', 'alice@example.com', CONTACT, '300', '1', '0', '0', '0'), 'OK');
  t.match(await mi('ul_show_contact', 'location', 'alice@example.com'), {
    AOR: 'alice@example.com',
    Contacts: [{ Contact: CONTACT, Callid: 'dfjrewr12386fd6-343@opensips.mi', 'User-agent': 'OpenSIPS MI Server' }],
  });
  t.match(await mi('ul_dump'), { Domains: [{ name: 'location', AORs: [{ AOR: 'alice@example.com' }] }] });
  t.match(await mi('get_statistics', 'usrloc:'), { 'usrloc:location-contacts': 1 });
  t.equal(await mi('ul_rm', 'table_name=location', 'aor=alice@example.com'), 'OK');
  t.same(await daemon.dump(), []);

  t.same(await mi('nh_enable_ping'), { Status: 1 });
  t.equal(await mi('nh_enable_ping', '0'), 'OK');
  t.same(await mi('nh_enable_ping'), { Status: 0 });
  t.equal(await mi('nh_enable_ping', 'status=1'), 'OK');
}

function miBy(t: Test, options: readonly string[]): Mi {
  return async (...words) => {
    const settings = options.flatMap((option) => ['-o', option]);
    const env = [`PYTHONPATH=${FOLDER}`, `HOME=${tempFolder(t)}`];
    const run = new Program(t, 'env', [...env, python.path ?? '', cli, ...settings, '-x', 'mi', ...words]);
    const code = await run.ended();
    if (code !== 0) throw new Error(`opensips-cli mi ${words.join(' ')} ended with ${String(code)}: ${run.output}`);
    return JSON.parse(run.output);
  };
}
