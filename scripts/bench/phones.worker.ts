import { createSocket } from 'node:dgram';
import { ADDRESS } from './server.ts';

/**
 * Child process of the bench: all phones behind one UDP socket, which answer every OPTIONS. It tells its port first, and how many
 * it has answered whenever it is asked.
 */
const socket = createSocket({
  type: 'udp4',
  recvBufferSize: 8 << 20,
  lookup: (name, _options, done) => done(null, name, 4),
});
let answered = 0;

socket.on('message', (message, source) => {
  const text = message.latin1Slice(0, message.length);
  if (!text.startsWith('OPTIONS ')) return;
  answered++;
  socket.send(Buffer.from(answerTo(text), 'latin1'), source.port, source.address);
});
socket.bind(0, ADDRESS, () => process.send?.(socket.address().port));
process.on('message', () => process.send?.(answered));

/** RFC 3261 §8.2.6: Via, From, To, Call-ID and CSeq as they came. */
function answerTo(request: string): string {
  const rows = request.split('\r\n').filter((row) => /^(via|from|to|call-id|cseq):/i.test(row));
  return ['SIP/2.0 200 OK', ...rows.map(tagged), 'Content-Length: 0', '', ''].join('\r\n');
}

function tagged(row: string): string {
  return /^to:/i.test(row) && !row.includes(';tag=') ? `${row};tag=phone` : row;
}
