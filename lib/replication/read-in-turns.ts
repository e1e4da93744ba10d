import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';

/** After so many octets everything else has its turn. */
const TURN_BYTES = 64 * 1024;

/**
 * Hands over what comes on a socket, a little in each turn of the event loop. Node by itself reads on while the kernel has more,
 * up to 2 MiB: while a node joins that is 40 ms of merging, in which no phone is answered.
 */
export function readInTurns(socket: Socket, clock: Pick<Clock, 'soon'>, take: (bytes: Buffer) => void): void {
  let left = TURN_BYTES;
  socket.on('data', (bytes: Buffer) => {
    take(bytes);
    left -= bytes.length;
    if (left > 0) return;
    left = TURN_BYTES;
    socket.pause();
    clock.soon(() => socket.resume());
  });
}
