import t from 'tap';
import { setTimeout as pause } from 'node:timers/promises';
import { Daemon } from '../support/daemon.ts';
import { namespaceSkip, networkNamespace } from '../support/network-namespace.ts';

const skip = namespaceSkip();
const FLAGS = 'SIPPING_ENABLE SIPPING_RTO';
const CONFIG = 'nathelper:\n  natping_interval: 1\n  max_pings_lost: 1\n';

t.test(
  'a contact whose pings the kernel does not send, since there is no route, is not removed',
  { skip },
  async (t) => {
    const namespace = networkNamespace(t);
    const daemon = await Daemon.start(t, {
      address: namespace.address,
      port: 5060,
      within: namespace.command,
      config: CONFIG,
    });
    const contact = { contact: 'sip:alice@198.51.100.7:5060', expires: 0, q: '1', flags: 0, cflags: FLAGS, methods: 0 };
    t.equal(await daemon.mi('ul_add', { table_name: 'location', aor: 'alice@example.com', ...contact }), 'OK');
    while ((await unsent(daemon)) < 3 && (await daemon.status()).pings.lost === 0) await pause(100);
    t.match(await daemon.status(), { contacts: 1, pings: { lost: 0, removed: 0 } });
  },
);

async function unsent(daemon: Daemon): Promise<number> {
  const statistics = await daemon.mi('get_statistics', { statistics: ['twinreg:pings_skipped_unsent'] });
  return (statistics as { readonly 'twinreg:pings_skipped_unsent': number })['twinreg:pings_skipped_unsent'];
}
