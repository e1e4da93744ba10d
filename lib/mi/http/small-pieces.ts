import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * What the HTTP parser gets at a time. Node hands it what one read gave, up to 64 KiB, and it makes all requests in that
 * before anything else has its turn, also those of a connection that was destroyed at the second: 1600 short ones,
 * 50 ms for each connection. A piece of this size holds about ten.
 */
const PIECE_BYTES_MAX = 512;

/** What a Node HTTP server asks of a connection beside what every stream has. */
interface HttpConnection extends Duplex {
  setTimeout(ms: number): HttpConnection;
  destroySoon(): void;
}

/** The same connection, read in small pieces. Who destroys it destroys the socket. */
export function inSmallPieces(socket: Socket): HttpConnection {
  let isWanted = false;
  const give = () => {
    if (!isWanted) return;
    const piece: unknown = socket.read(Math.min(socket.readableLength, PIECE_BYTES_MAX));
    if (piece === null) return;
    isWanted = false;
    connection.push(piece);
  };
  const stream = new Duplex({
    readableHighWaterMark: PIECE_BYTES_MAX,
    read() {
      isWanted = true;
      give();
    },
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(() => done()),
    destroy(err, done) {
      socket.destroy();
      done(err);
    },
  });
  const connection: HttpConnection = Object.assign(stream, {
    setTimeout(ms: number) {
      socket.setTimeout(ms);
      return connection;
    },
    destroySoon() {
      stream.end(() => stream.destroy());
    },
  });
  socket.on('readable', give);
  socket.on('end', () => stream.push(null));
  socket.on('timeout', () => stream.emit('timeout'));
  socket.on('error', (err) => stream.destroy(err));
  socket.on('close', () => stream.destroy());
  return connection;
}
