import t, { type Test } from 'tap';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon } from '../support/daemon.ts';
import { ENGINES } from '../support/engines.ts';
import { namespaceSkip, networkNamespace, type NetworkNamespace } from '../support/network-namespace.ts';
import { Program } from '../support/program.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';

const baresip = requireTool('baresip', 'baresip-core');
const skip = baresip.skip !== false ? baresip.skip : namespaceSkip();

const WAYS = ENGINES.flatMap((engine) => [
  { engine, transport: 'udp' },
  { engine, transport: 'tcp' },
]);

for (const { engine, transport } of WAYS) {
  const name = `baresip registers over ${transport}, is shown, and is gone when it quits (${engine.name})`;
  t.test(name, { skip }, async (t) => {
    const namespace = networkNamespace(t);
    const place = { address: namespace.address, port: 5060, within: namespace.command };
    const daemon = await Daemon.start(t, { engine, ...place });

    const phone = startBaresip(t, namespace, transport);
    await phone.printed('1 binding');
    const shown = await daemon.mi('ul_show_contact', { table_name: 'location', aor: `alice@${namespace.address}` });
    t.match(shown, {
      Contacts: [{ Contact: /^sip:alice-0x[0-9a-f]+@10\.99\.0\.1:\d+/, 'User-agent': /baresip/, Cseq: Number }],
    });

    phone.signal('SIGTERM');
    await phone.ended();
    await t.rejects(
      daemon.mi('ul_show_contact', { table_name: 'location', aor: `alice@${namespace.address}` }),
      /AOR not found/,
    );
  });
}

/** baresip registers from no loopback interface, hence the namespace. */
function startBaresip(t: Test, namespace: NetworkNamespace, transport: string): Program {
  const folder = join(tempFolder(t), 'baresip');
  mkdirSync(folder);
  writeFileSync(join(folder, 'accounts'), `<sip:alice@${namespace.address};transport=${transport}>;regint=60\n`);
  writeFileSync(
    join(folder, 'config'),
    ['module_path /usr/lib/baresip/modules', 'module g711.so', 'module_app account.so', 'module_app menu.so', ''].join(
      '\n',
    ),
  );
  return new Program(t, ...namespace.command(baresip.path ?? '', '-f', folder));
}
