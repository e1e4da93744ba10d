import t, { type Test } from 'tap';
import type { Datagram, DatagramReceiver } from '../../../lib/sip/embedded/datagram-socket.ts';
import { NodeDatagramSocket } from '../../../lib/sip/embedded/node-datagram-socket.ts';
import { loopbackAddress } from '../../support/free-port.ts';

class Receiver implements DatagramReceiver {
  sendErrors = 0;
  #onText: (text: string) => void = () => undefined;

  onBatch(batch: readonly Datagram[]): void {
    for (const { bytes } of batch) this.#onText(bytes.toString('latin1'));
  }

  onSendError(): void {
    this.sendErrors += 1;
  }

  onReceiveError(): void {
    throw new Error('nothing here fails to receive');
  }

  next(): Promise<string> {
    return new Promise((resolve) => (this.#onText = resolve));
  }
}

const SETTINGS = { port: 0, receiveBufferBytes: 0, sendQueueBytesMax: 1_000_000 };

async function bound(
  t: Test,
  settings = {},
): Promise<{ socket: NodeDatagramSocket; receiver: Receiver; address: string }> {
  const address = loopbackAddress();
  const receiver = new Receiver();
  const socket = await NodeDatagramSocket.bind({ ...SETTINGS, address, ...settings }, receiver);
  t.teardown(() => socket.close());
  return { socket, receiver, address };
}

t.test('a byte string arrives octet by octet as it was', async (t) => {
  const [from, to] = [await bound(t), await bound(t)];
  const text = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
  const arrived = to.receiver.next();
  t.equal(from.socket.send(text, to.address, to.socket.port), 'taken');
  from.socket.flush();
  t.equal(await arrived, text);
});

t.test('a datagram that the kernel refuses is reported, one by one', async (t) => {
  const { socket, receiver, address } = await bound(t);
  t.equal(socket.send('x'.repeat(70_000), address, 9), 'taken');
  t.equal(socket.send('no route', '255.255.255.255', 9), 'taken');
  const arrived = receiver.next();
  socket.send('fine', address, socket.port);
  socket.flush();
  t.equal(await arrived, 'fine');
  t.equal(receiver.sendErrors, 2);
});

t.test('who sends a datagram can be told himself that the kernel refused it', async (t) => {
  const { socket, receiver, address } = await bound(t);
  const refused: string[] = [];
  socket.send('no route', '255.255.255.255', 9, () => refused.push('no route'));
  const arrived = receiver.next();
  socket.send('fine', address, socket.port, () => refused.push('fine'));
  socket.flush();
  t.same(refused, [], 'not at once');
  t.equal(await arrived, 'fine');
  t.same(refused, ['no route']);
  t.equal(receiver.sendErrors, 0, 'and nobody else');
});

t.test('what arrives in one turn of the event loop is handed over together, in order', async (t) => {
  const [from, to] = [await bound(t), await bound(t)];
  const texts = Array.from({ length: 20 }, (_, at) => `datagram ${String(at)}`);
  const received: string[][] = [];
  const all = new Promise<void>((resolve) => {
    to.receiver.onBatch = (batch) => {
      received.push(batch.map(({ bytes }) => bytes.toString('latin1')));
      if (received.flat().length === texts.length) resolve();
    };
  });
  for (const text of texts) from.socket.send(text, to.address, to.socket.port);
  from.socket.flush();
  await all;
  t.same(received.flat(), texts);
  t.ok(received.length < texts.length, 'not one by one');
});

t.test('nothing more is taken when more waits for flush or for the kernel than the maximum', async (t) => {
  const { socket, address } = await bound(t, { sendQueueBytesMax: 3 });
  t.equal(socket.send('text', address, 9), 'taken');
  t.equal(socket.send('text', address, 9), 'send_queue_full');
  socket.flush();
  t.equal(socket.send('text', address, 9), 'taken', 'the kernel took it');
});

t.test('what waits for flush is sent when the socket closes', async (t) => {
  const [from, to] = [await bound(t), await bound(t)];
  const arrived = to.receiver.next();
  from.socket.send('last words', to.address, to.socket.port);
  await from.socket.close();
  t.equal(await arrived, 'last words');
});

t.test('after close nothing is sent, and close may be called again', async (t) => {
  const { socket, address } = await bound(t);
  await socket.close();
  t.equal(socket.send('text', address, 9), 'socket_closed');
  await t.resolves(socket.close());
});

t.test('the receive buffer is told in the units it was asked for', async (t) => {
  const { socket } = await bound(t, { receiveBufferBytes: 50_000 });
  t.equal(socket.receiveBufferBytes, 50_000);
});
