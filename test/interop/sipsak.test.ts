import t from 'tap';
import { Daemon } from '../support/daemon.ts';
import { ENGINES } from '../support/engines.ts';
import { Program } from '../support/program.ts';
import { requireTool } from '../support/require-tool.ts';

const { path: sipsak = '', skip } = requireTool('sipsak');

for (const engine of ENGINES) {
  t.test(`sipsak registers a contact and removes it (${engine.name})`, { skip }, async (t) => {
    const daemon = await Daemon.start(t, { engine });
    const aor = `bob@${daemon.address}`;
    const registered = new Program(t, sipsak, [...usrloc(daemon), '-C', 'sip:bob@127.0.0.1:5999', '-x', '60']);
    t.equal(await registered.ended(), 0, registered.output);
    t.match(await daemon.mi('ul_show_contact', { table_name: 'location', aor }), {
      AOR: aor,
      Contacts: [{ Contact: 'sip:bob@127.0.0.1:5999' }],
    });

    const removed = new Program(t, sipsak, [...usrloc(daemon), '-C', 'sip:bob@127.0.0.1:5999', '-x', '0']);
    t.equal(await removed.ended(), 0, removed.output);
    await t.rejects(daemon.mi('ul_show_contact', { table_name: 'location', aor }), /AOR not found/);
  });

  t.test(
    `sipsak, the probe of many a monitoring system, gets 200 for its OPTIONS (${engine.name})`,
    { skip },
    async (t) => {
      const daemon = await Daemon.start(t, { engine });
      const probe = new Program(t, sipsak, ['-vv', '-s', `sip:${daemon.address}:${String(daemon.port)}`]);
      t.equal(await probe.ended(), 0, probe.output);
      t.match(probe.output, 'SIP/2.0 200 OK');
    },
  );
}

function usrloc(daemon: Daemon): string[] {
  return ['-U', '-i', '-vv', '-s', `sip:bob@${daemon.address}:${String(daemon.port)}`];
}
