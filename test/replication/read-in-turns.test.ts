import t from 'tap';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { systemClock } from '../../lib/core/clock.ts';
import { readInTurns } from '../../lib/replication/read-in-turns.ts';

const WRITTEN = Buffer.alloc(2 * 1024 * 1024, 'what the twin sends while this node joins ');
/** What is read in one turn, and one read more, which Node had begun. */
const TURN_BYTES_MAX = 2 * 64 * 1024;

t.test('however much the kernel has, others have their turn in between, and nothing is lost', async (t) => {
  const server = createServer((socket) => socket.end(WRITTEN)).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  await once(socket, 'connect');
  await once(socket, 'readable');

  const pieces: Buffer[] = [];
  const turns = [0];
  const tick = () => {
    turns.push(0);
    if (!socket.closed) setImmediate(tick);
  };
  setImmediate(tick);
  readInTurns(socket, systemClock, (bytes) => {
    pieces.push(bytes);
    turns.push((turns.pop() ?? 0) + bytes.length);
  });
  socket.resume();
  await once(socket, 'close');
  t.ok(Buffer.concat(pieces).equals(WRITTEN));
  t.ok(Math.max(...turns) <= TURN_BYTES_MAX, `at most ${String(Math.max(...turns))} octets in a turn`);
});
