import t from 'tap';
import { setTimeout as pause } from 'node:timers/promises';
import { Daemon } from '../support/daemon.ts';
import { DRACHTIO, EMBEDDED } from '../support/engines.ts';
import { namespaceSkip, networkNamespace } from '../support/network-namespace.ts';

const skip = namespaceSkip();
const FLAGS = 'SIPPING_ENABLE SIPPING_RTO';
const CONFIG = 'nathelper:\n  natping_interval: 1\n  max_pings_lost: 1\n';

/** A drachtio-server says of a datagram that the kernel did not take what it says of one that an ICMP message came back for: 503. */
const OUTCOMES = [
  { engine: EMBEDDED, outcome: 'is not removed', contacts: 1 },
  { engine: DRACHTIO, outcome: 'is removed as one that does not answer', contacts: 0 },
];

for (const { engine, outcome, contacts } of OUTCOMES) {
  const name = `a contact whose pings the kernel does not send, since there is no route, ${outcome} (${engine.name})`;
  t.test(name, { skip }, async (t) => {
    const namespace = networkNamespace(t);
    const place = { address: namespace.address, port: 5060, within: namespace.command };
    const daemon = await Daemon.start(t, { engine, ...place, config: CONFIG });
    const contact = { contact: 'sip:alice@198.51.100.7:5060', expires: 0, q: '1', flags: 0, cflags: FLAGS, methods: 0 };
    t.equal(await daemon.mi('ul_add', { table_name: 'location', aor: 'alice@example.com', ...contact }), 'OK');
    while ((await unsent(daemon)) < 3 && (await daemon.status()).pings.lost === 0) await pause(100);
    t.match(await daemon.status(), { contacts, pings: { lost: 1 - contacts, removed: 1 - contacts } });
  });
}

async function unsent(daemon: Daemon): Promise<number> {
  const statistics = await daemon.mi('get_statistics', { statistics: ['twinreg:pings_skipped_unsent'] });
  return (statistics as { readonly 'twinreg:pings_skipped_unsent': number })['twinreg:pings_skipped_unsent'];
}
