import t from 'tap';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEEPALIVED, startScript } from '../support/appliance-script.ts';
import { Daemon } from '../support/daemon.ts';
import { freePort, loopbackAddress } from '../support/free-port.ts';
import { requireTool } from '../support/require-tool.ts';

const { skip } = requireTool('curl');

t.test(
  'check.sh succeeds while the daemon serves, and fails while it hangs and when it is gone',
  { skip },
  async (t) => {
    const daemon = await Daemon.start(t, { http: true });
    const place = { folder: daemon.folder, mi: `http://${daemon.address}:${String(daemon.httpPort)}/mi` };
    const check = async () => startScript(t, 'check.sh', place).ended;
    t.same(await check(), { code: 0, signal: null, err: '' });
    daemon.signal('SIGSTOP');
    t.match(await check(), { code: 28, err: /timed out/i });
    daemon.signal('SIGCONT');
    t.match(await check(), { code: 0 });
    await daemon.kill();
    t.match(await check(), { code: 7 });
  },
);

t.test('check.sh fails when the daemon says that it could not serve', { skip }, async (t) => {
  const address = loopbackAddress();
  const port = await freePort(address);
  const server = createServer((socket) => {
    socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 16\r\nConnection: close\r\n\r\n{"ready":false}\n');
    socket.resume();
  });
  server.listen(port, address);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const place = { folder: '/nonexistent', mi: `http://${address}:${String(port)}/mi` };
  t.match(await startScript(t, 'check.sh', place).ended, { code: 22, err: /503/ });
});

t.test('check.sh gives up before keepalived asks again', { skip }, (t) => {
  const numberIn = (file: string, pattern: RegExp) =>
    Number(pattern.exec(readFileSync(join(KEEPALIVED, file), 'utf8'))?.[1]);
  const [waitsS, intervalS] = [numberIn('check.sh', /--max-time (\S+)/), numberIn('keepalived.conf', /interval (\d+)/)];
  t.ok(waitsS < intervalS, `${waitsS} s against ${intervalS} s`);
  t.end();
});
