import { createSocket, type Socket } from 'node:dgram';

/**
 * The load: one process, one UDP socket, phones `first..first+count-1`, each registered once with CSeq `cseq`.
 *
 * - closed loop: `inFlight` requests are outstanding at any moment, each answer sends the next;
 * - paced: `rate` requests a second in bursts of a millisecond's worth, however fast the answers come.
 *
 * A request without an answer is sent again after RESEND_MS, twice that, and so on, as a phone would. What counts as answered is a 200 whose
 * Call-ID is that of a phone still waiting.
 *
 * With `asks: 'contacts'` the requests have no Contact: they change nothing, and `shown` counts the answers that list one.
 */
export interface LoadOrder {
  readonly address: string;
  readonly port: number;
  readonly first: number;
  readonly count: number;
  /** 1 by default; 10: every tenth phone, `count` of them. */
  readonly every?: number;
  readonly cseq: number;
  readonly asks?: 'registration' | 'contacts';
  readonly pace: { readonly inFlight: number } | { readonly rate: number };
  /** Port of all Contacts; 5060 by default, where nobody is. */
  readonly contactPort?: number;
}

export interface LoadResult {
  readonly answered: number;
  readonly resent: number;
  readonly refused: number;
  /** Answers that list a contact. */
  readonly shown: number;
  readonly seconds: number;
}

const RESEND_MS = 500;
/** Give up when nothing at all was answered for this long. */
const STALL_MS = 10_000;
/** Give up when this many times more was sent again than was to be sent: the server cannot follow, and nothing is measured. */
const RESENT_MAX = 2;

export async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const socket = await boundSocket();
  const load = new Load(order, socket);
  try {
    return await load.run();
  } finally {
    load.stop();
  }
}

function boundSocket(): Promise<Socket> {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: 8 << 20,
    lookup: (name, _options, done) => done(null, name, 4),
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => resolve(socket));
  });
}

class Load {
  readonly #order: LoadOrder;
  readonly #every: number;
  readonly #socket: Socket;
  readonly #localPort: number;
  /** When each phone's request was last sent, 0 once it is answered. */
  readonly #sentAtMs: Float64Array;
  readonly #sends: Uint8Array;
  #next = 0;
  #answered = 0;
  #resent = 0;
  #refused = 0;
  #shown = 0;
  #lastAnswerMs = performance.now();
  #isStopped = false;

  constructor(order: LoadOrder, socket: Socket) {
    this.#order = order;
    this.#every = order.every ?? 1;
    this.#socket = socket;
    this.#localPort = socket.address().port;
    this.#sentAtMs = new Float64Array(order.count);
    this.#sends = new Uint8Array(order.count);
  }

  async run(): Promise<LoadResult> {
    const startMs = performance.now();
    const { pace } = this.#order;
    const closed = 'inFlight' in pace;
    const finished = this.#untilAllAnswered(closed);
    if (closed) for (let i = 0; i < pace.inFlight; i++) this.#sendNext();
    else this.#sendPaced(pace.rate, startMs);
    await finished;
    const seconds = (performance.now() - startMs) / 1000;
    return { answered: this.#answered, resent: this.#resent, refused: this.#refused, shown: this.#shown, seconds };
  }

  stop(): void {
    this.#isStopped = true;
    this.#socket.close();
  }

  #untilAllAnswered(closed: boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const watch = setInterval(() => this.#resendOverdue(reject), RESEND_MS);
    this.#socket.on('message', (message) => {
      if (!this.#take(message)) return;
      if (closed) this.#sendNext();
      if (this.#answered + this.#refused === this.#order.count) resolve();
    });
    return promise.finally(() => {
      clearInterval(watch);
    });
  }

  #sendPaced(rate: number, startMs: number): void {
    const due = Math.min(this.#order.count, Math.floor(((performance.now() - startMs) * rate) / 1000));
    while (this.#next < due) this.#sendNext();
    if (this.#next < this.#order.count && !this.#isStopped) setTimeout(() => this.#sendPaced(rate, startMs), 1);
  }

  #sendNext(): void {
    if (this.#next < this.#order.count) this.#send(this.#next++);
  }

  #send(phone: number): void {
    this.#sentAtMs[phone] = performance.now();
    this.#sends[phone] = (this.#sends[phone] ?? 0) + 1;
    const { first, cseq, asks, contactPort, port, address } = this.#order;
    const name = first + phone * this.#every;
    const text =
      asks === 'contacts'
        ? queryText(name, cseq, this.#localPort)
        : registerText(name, cseq, this.#localPort, contactPort);
    this.#socket.send(Buffer.from(text, 'latin1'), port, address);
  }

  /** Whether the message answered a phone that was still waiting. */
  #take(message: Buffer): boolean {
    const text = message.latin1Slice(0, message.length);
    const at = text.indexOf('\r\nCall-ID: ');
    const phone = (Number.parseInt(text.slice(at + 11, at + 19), 10) - this.#order.first) / this.#every;
    if (!((this.#sentAtMs[phone] ?? 0) > 0)) return false;
    this.#sentAtMs[phone] = 0;
    this.#lastAnswerMs = performance.now();
    if (text.startsWith('SIP/2.0 200')) this.#answered++;
    else this.#refused++;
    if (text.includes('\r\nContact: ')) this.#shown++;
    return true;
  }

  #resendOverdue(fail: (error: Error) => void): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastAnswerMs > STALL_MS) fail(new Error(`no answer for ${String(STALL_MS)} ms`));
    if (this.#resent > RESENT_MAX * this.#order.count) fail(new Error(`${String(this.#resent)} requests sent again`));
    for (let phone = 0; phone < this.#next; phone++) {
      const sentAtMs = this.#sentAtMs[phone] ?? 0;
      if (sentAtMs === 0 || nowMs - sentAtMs < RESEND_MS * (this.#sends[phone] ?? 1)) continue;
      this.#resent++;
      this.#send(phone);
    }
  }
}

/** About 600 octets, the size of what a desk phone sends. `port` is where the answer goes; the Contact is the same in every run. */
export function registerText(phone: number, cseq: number, port: number, contactPort = 5060): string {
  const id = String(phone).padStart(8, '0');
  return (
    'REGISTER sip:example.com SIP/2.0\r\n' +
    `Via: SIP/2.0/UDP 127.0.0.1:${port};rport;branch=z9hG4bK-${id}-${cseq}\r\n` +
    'Max-Forwards: 70\r\n' +
    `From: "Phone ${id}" <sip:u${id}@example.com>;tag=f${id}\r\n` +
    `To: "Phone ${id}" <sip:u${id}@example.com>\r\n` +
    `Call-ID: ${id}-5f1e0c9a7b3d4e26@127.0.0.1\r\n` +
    `CSeq: ${cseq} REGISTER\r\n` +
    `Contact: <sip:u${id}@127.0.0.1:${contactPort}>;expires=3600\r\n` +
    'User-Agent: Example-Phone T46S 66.86.0.15\r\n' +
    'Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, OPTIONS, INFO, MESSAGE, SUBSCRIBE, UPDATE\r\n' +
    'Supported: replaces, path\r\n' +
    'Content-Length: 0\r\n\r\n'
  );
}

/** Asks for the contacts of the same AoR (RFC 3261 §10.2.3): no Contact, and a Call-ID of its own. */
export function queryText(phone: number, cseq: number, port: number): string {
  const text = registerText(phone, cseq, port).replace('branch=z9hG4bK', 'branch=z9hG4bK-query');
  return text.replace(/Contact: .*\r\n/, '').replace('-5f1e0c9a7b3d4e26@', '-query-9a7b3d4e26@');
}
