import { createSocket, type Socket } from 'node:dgram';
import type { PhoneEvent, PhonesOrder } from './phones.ts';
import { nowMs } from './wait.ts';

/**
 * Child process of the demonstration: phones, each on a socket of its own. They register once, refresh in turn again and again, and answer
 * what they are asked with OPTIONS. It ends with its parent.
 */

/** Between two refreshes, of whichever phone: so finely a gap is measured. */
const REFRESH_EVERY_MS = 20;

const EXPIRES_S = 120;

class Phone {
  readonly #user: string;
  readonly #order: PhonesOrder;
  readonly #socket: Socket = createSocket('udp4');
  readonly #sentAtMs = new Map<number, number>();
  #cseq = 0;

  constructor(user: string, order: PhonesOrder) {
    this.#user = user;
    this.#order = order;
    this.#socket.on('message', (bytes, source) => this.#take(bytes.toString('latin1'), source.port, source.address));
    // The server may be gone for a moment; that is what is shown.
    this.#socket.on('error', () => undefined);
  }

  open(): Promise<void> {
    return new Promise((resolve) => this.#socket.bind(0, this.#order.phonesAddress, () => resolve()));
  }

  register(): void {
    this.#cseq += 1;
    this.#sentAtMs.set(this.#cseq, nowMs());
    // Nobody waits for an answer to one that is so old.
    this.#sentAtMs.delete(this.#cseq - 100);
    this.#send(this.#registerText(), this.#order.server.port, this.#order.server.address);
  }

  #take(text: string, port: number, address: string): void {
    if (text.startsWith('OPTIONS ')) {
      this.#send(okText(text), port, address);
      tell({ kind: 'pinged', user: this.#user, atMs: nowMs() });
      return;
    }
    const cseq = Number(/^cseq: *(\d+)/im.exec(text)?.[1] ?? 0);
    const sentAtMs = this.#sentAtMs.get(cseq);
    if (sentAtMs === undefined || !text.startsWith('SIP/2.0 200 ')) return;
    this.#sentAtMs.delete(cseq);
    tell({ kind: 'registered', user: this.#user, sentAtMs, atMs: nowMs() });
  }

  #registerText(): string {
    const { phonesAddress, server } = this.#order;
    const { port } = this.#socket.address();
    const aor = `sip:${this.#user}@${server.address}`;
    const cseq = String(this.#cseq);
    return lines([
      `REGISTER sip:${server.address} SIP/2.0`,
      `Via: SIP/2.0/UDP ${phonesAddress}:${String(port)};rport;branch=z9hG4bK${this.#user}${cseq}`,
      'Max-Forwards: 70',
      `From: <${aor}>;tag=${this.#user}`,
      `To: <${aor}>`,
      `Call-ID: ${this.#user}@demonstration`,
      `CSeq: ${cseq} REGISTER`,
      `Contact: <sip:${this.#user}@${phonesAddress}:${String(port)}>;expires=${String(EXPIRES_S)}`,
      'Content-Length: 0',
    ]);
  }

  #send(text: string, port: number, address: string): void {
    this.#socket.send(Buffer.from(text, 'latin1'), port, address);
  }
}

/** RFC 3261 §8.2.6: Via, From, To, Call-ID and CSeq as they came. */
function okText(request: string): string {
  const rows = request.split('\r\n').filter((row) => /^(via|from|to|call-id|cseq):/i.test(row));
  const tagged = rows.map((row) => (/^to:/i.test(row) && !row.includes(';tag=') ? `${row};tag=phone` : row));
  return lines(['SIP/2.0 200 OK', ...tagged, 'Content-Length: 0']);
}

function lines(rows: readonly string[]): string {
  return `${rows.join('\r\n')}\r\n\r\n`;
}

function tell(event: PhoneEvent): void {
  if (process.connected) process.send?.(event);
}

async function play(order: PhonesOrder): Promise<void> {
  const phones = order.users.map((user) => new Phone(user, order));
  for (const phone of phones) await phone.open();
  for (const phone of phones) phone.register();
  let turn = 0;
  setInterval(() => {
    phones[turn % phones.length]?.register();
    turn += 1;
  }, REFRESH_EVERY_MS);
}

process.on('disconnect', () => process.exit());
// The parent decides when this ends.
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => undefined);
process.once('message', (order: PhonesOrder) => void play(order));
