import t from 'tap';
import { Daemon } from '../support/daemon.ts';
import { ENGINES } from '../support/engines.ts';

type Statistics = Readonly<Record<string, number>>;

for (const engine of ENGINES) {
  t.test(`status and statistics say what phones got, and why some got nothing (${engine.name})`, async (t) => {
    const daemon = await Daemon.start(t, { engine });
    t.match(await daemon.status(), { registrations: { accepted: 0, refusals: [] }, invalid_requests: [] });
    t.notMatch(await daemon.status(), { registrations: { last_accepted_ms_ago: Number } }, 'nothing was accepted yet');

    const phone = await daemon.phone(t);
    const aor = `sip:alice@${daemon.address}`;
    await phone.register({ aor, callId: 'c', cseq: 5 });
    await phone.register({ aor, callId: 'c', cseq: 5 });
    await phone.register({ aor, callId: 'q', contacts: [] });
    for (const cseq of [4, 3]) await phone.register({ aor, callId: 'c', cseq });
    await phone.register({ aor, callId: 'x', uri: 'tel:+4930123' });

    const status = await daemon.status();
    t.match(status, {
      contacts: 1,
      registrations: {
        accepted: 3,
        rejected: 2,
        retransmissions: 1,
        refusals: [{ reason: '400 Invalid CSeq', count: 2 }],
      },
      invalid_requests: [{ reason: /^416 [A-Z]/, count: 1 }],
      pings: { enabled: true, active: true, interval_s: 30, contacts: 1, guard: false },
      event_loop_delay_ms: { p99: Number, max: Number, p99_lately: Number, max_lately: Number },
    });
    t.ok((status.registrations.last_accepted_ms_ago ?? -1) >= 0);

    const statistics = (await daemon.mi('get_statistics', { statistics: ['all'] })) as Statistics;
    t.match(statistics, {
      'core:rcv_requests': 5,
      'usrloc:registered_users': 1,
      'registrar:accepted_regs': 3,
      'registrar:rejected_regs': 2,
      'twinreg:retransmissions': 1,
      'twinreg:queries': 1,
      'twinreg:ping_contacts': 1,
      'twinreg:replies_4xx': 3,
    });
    for (const [name, value] of Object.entries(statistics)) {
      t.match(name, /^[a-z]+:[a-z0-9_-]+$/);
      t.type(value, 'number');
    }
    await daemon.mi('reset_statistics', { statistics: ['all'] });
    const reset = (await daemon.mi('get_statistics', { statistics: ['all'] })) as Statistics;
    t.match(reset, {
      'registrar:accepted_regs': 0,
      'usrloc:location-contacts': 1,
      'twinreg:ping_contacts': 1,
      'twinreg:records': 1,
    });
    t.match(await daemon.status(), { registrations: { accepted: 3 } }, 'the status counts on');
  });
}
