import t from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { liveEvents } from '../../lib/cli/mi-client.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { WATCHERS_MAX } from '../../lib/trace/watchers.ts';
import { Daemon } from '../support/daemon.ts';
import { daemonEnv } from '../support/daemon-env.ts';
import { ENGINES } from '../support/engines.ts';

const LAUNCHER = resolve(import.meta.dirname, '../../scripts/twinreg');

interface LiveEvent {
  readonly event: string;
}

/** A trace of Alice, read one event after the other. */
function traceOf(daemon: Daemon): AsyncGenerator<LiveEvent, void> {
  const aor = `alice@${daemon.address}`;
  return liveEvents(daemon.socketPath, 'trace', { aor }, systemClock) as AsyncGenerator<LiveEvent, void>;
}

/** The next events that are none of a ping. */
async function next(trace: AsyncGenerator<LiveEvent, void>, count: number): Promise<readonly LiveEvent[]> {
  const events: LiveEvent[] = [];
  while (events.length < count) {
    const { value, done } = await trace.next();
    if (done === true) throw new Error('the trace has ended');
    if (!value.event.startsWith('ping_')) events.push(value);
  }
  return events;
}

for (const engine of ENGINES) {
  t.test(
    `a trace shows what a phone sends, what becomes of it, and what an operator does (${engine.name})`,
    async (t) => {
      const daemon = await Daemon.start(t, { engine });
      const phone = await daemon.phone(t);
      const aor = `sip:alice@${daemon.address}`;
      const trace = traceOf(daemon);
      t.match(await next(trace, 1), [{ event: 'watching', aor: aor.slice(4) }]);

      await phone.register({ aor: `sip:bob@${daemon.address}`, contacts: ['<sip:bob@192.0.2.1>'] });
      const headers = [['Authorization', 'Digest response="secret"']] as const;
      await phone.register({ aor, contacts: ['<sip:alice@192.0.2.1>'], callId: 'c', cseq: 2, expires: 600, headers });
      const accepted = await next(trace, 3);
      t.match(accepted, [
        {
          event: 'received',
          socket: `udp:${daemon.address}:${daemon.port}`,
          text: /^REGISTER [^]*Authorization: \[redacted\]/,
        },
        { event: 'accepted', changes: [{ what: 'added', contact: 'sip:alice@192.0.2.1', expires_s: 600 }] },
        { event: 'sent', status: 200 },
      ]);
      t.notMatch(JSON.stringify(accepted), /secret|bob/);

      await phone.register({ aor, contacts: ['<sip:alice@192.0.2.1>'], callId: 'c', cseq: 1 });
      t.match(await next(trace, 3), [
        { event: 'received' },
        { event: 'refused', reason: 'Invalid CSeq' },
        { event: 'sent' },
      ]);

      await daemon.mi('ul_rm', { table_name: 'location', aor: aor.slice(4) });
      t.match(await next(trace, 1), [{ event: 'changed', by: 'mi', changes: [{ what: 'all-removed' }] }]);
      await trace.return();
    },
  );
}

t.test('a trace whose client has gone makes room for another', async (t) => {
  const daemon = await Daemon.start(t);
  for (let i = 0; i < 2 * WATCHERS_MAX; i++) {
    const trace = traceOf(daemon);
    t.match(await next(trace, 1), [{ event: 'watching' }]);
    await trace.return();
    // Time for the daemon to hear of it: the room is for more than one that is just leaving.
    await daemon.status();
  }
});

t.test('twinreg trace shows events as they come, and says when the daemon ends', async (t) => {
  const daemon = await Daemon.start(t);
  const phone = await daemon.phone(t);
  const words = ['trace', `sip:alice@${daemon.address}`, '--data', daemon.folder];
  const child = spawn(LAUNCHER, words, { stdio: ['ignore', 'pipe', 'pipe'], env: daemonEnv({}) });
  t.teardown(() => child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  const shows = async (text: string) => {
    while (!out.includes(text)) await once(child.stdout, 'data');
  };
  await shows('watching alice@');
  await phone.register({ aor: `sip:alice@${daemon.address}`, contacts: ['<sip:alice@192.0.2.1>'] });
  await shows('-> 200 OK');
  t.match(out, /<- from udp:.*\n +REGISTER .*\n[^]*\.\. accepted .*\n +added: sip:alice@192\.0\.2\.1, for/);
  const closed = once(child, 'close');
  await daemon.stop();
  const [code] = (await closed) as [number];
  t.equal(code, 1);
  t.match(err, /ended the trace/);
});
