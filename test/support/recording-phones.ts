import type { Test } from 'tap';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { SipServer } from './sip-client.ts';

/** What a phone knows by its own record. Its operations are numbered by their CSeq, from 1; 0 is "nothing yet". */
export interface PhoneRecord {
  readonly callId: string;
  /** The last operation that was answered with 200. */
  readonly answered: number;
  /** The last one that was asked for: the same, or one more, which may or may not have been done. */
  readonly asked: number;
}

/** Of eight operations of a phone, one removes its binding. */
const REMOVES_EVERY = 8;
const BURST_EVERY_MS = 5;
/** SIP's T1: an outstanding request is sent again. */
const RESEND_MS = 500;

export interface RecordingOptions {
  readonly perSecond?: number;
  readonly phones?: number;
  /** Number of the first phone: two groups that do not overlap share nothing. */
  readonly first?: number;
  /** The phones' own address; without it that of the server. */
  readonly from?: string;
}

interface Phone {
  answered: number;
  asked: number;
  sentAtMs: number;
  /** Requests sent, repeated ones too. */
  sent: number;
}

/**
 * Phones that register, refresh and un-register over UDP at a steady rate, each with one request outstanding at most, and
 * write down what they were told. What counts as answered is a 200 that this process received, by Call-ID and CSeq.
 */
export class RecordingPhones {
  /** Operations answered with 200 so far. */
  answeredCount = 0;
  /** Answers other than 200, as text. */
  readonly refusals: string[] = [];
  #server: SipServer;
  readonly #perSecond: number;
  readonly #first: number;
  readonly #phones: Phone[];
  readonly #socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #next = 0;
  #due = 0;

  private constructor(server: SipServer, { perSecond, phones, first }: Required<Omit<RecordingOptions, 'from'>>) {
    this.#server = server;
    this.#perSecond = perSecond;
    this.#first = first;
    this.#phones = Array.from({ length: phones }, () => ({ answered: 0, asked: 0, sentAtMs: 0, sent: 0 }));
  }

  static async start(
    t: Pick<Test, 'teardown'>,
    server: SipServer,
    { perSecond = 2000, phones = 2000, first = 0, from = server.address }: RecordingOptions = {},
  ): Promise<RecordingPhones> {
    const load = new RecordingPhones(server, { perSecond, phones, first });
    load.#socket.bind(0, from);
    await once(load.#socket, 'listening');
    load.#socket.on('message', (message, sender) => {
      const text = message.toString('latin1');
      if (text.startsWith('OPTIONS ')) load.#socket.send(pingAnswer(text), sender.port, sender.address);
      else load.#take(text);
    });
    load.#socket.on('error', () => undefined); // A killed server answers with ICMP; the phones go on.
    load.resume();
    t.teardown(() => load.stop());
    return load;
  }

  /** Sends again, after `silence`. */
  resume(): void {
    this.#timer ??= setInterval(() => this.#burst(), BURST_EVERY_MS);
  }

  /** Resolves when so many operations were answered. */
  answers(count: number): Promise<void> {
    if (this.answeredCount >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  /** The phones' address moves to another server: what they ask from now on, and what they ask again, goes there. */
  moveTo(server: SipServer): void {
    this.#server = server;
  }

  /** Asks for nothing more; answers that are already here are still taken, and pings are answered. Idempotent. */
  async silence(): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    // What the kernel holds for this socket is delivered before a datagram that the socket sends to itself.
    const { address, port } = this.#socket.address();
    this.#socket.send('last', port, address);
    for (;;) {
      const [message] = (await once(this.#socket, 'message')) as [Buffer];
      if (message.toString('latin1') === 'last') break;
    }
  }

  /** As `silence`, for good: pings are not answered either. Idempotent. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.silence();
    this.#socket.close();
  }

  /** What each phone knows now. */
  records(): PhoneRecord[] {
    return this.#phones.map(({ answered, asked }, index) => ({
      callId: callIdOf(this.#first + index),
      answered,
      asked,
    }));
  }

  #burst(): void {
    this.#due = Math.min(this.#due + (this.#perSecond * BURST_EVERY_MS) / 1000, this.#phones.length);
    for (; this.#due >= 1; this.#due -= 1) this.#sendNext();
  }

  #sendNext(): void {
    const index = this.#next;
    this.#next = (this.#next + 1) % this.#phones.length;
    const phone = this.#phones[index];
    if (phone === undefined) return;
    if (phone.asked === phone.answered) phone.asked += 1;
    else if (performance.now() - phone.sentAtMs < RESEND_MS) return;
    phone.sentAtMs = performance.now();
    phone.sent += 1;
    const { address, port } = this.#socket.address();
    this.#socket.send(
      registerText(this.#first + index, phone.asked, phone.sent, `${address}:${String(port)}`),
      this.#server.port,
      this.#server.address,
    );
  }

  #take(text: string): void {
    const index = Number(/\r\nCall-ID: recording-(\d+)/.exec(text)?.[1] ?? -1) - this.#first;
    const cseq = Number(/\r\nCSeq: (\d+)/.exec(text)?.[1] ?? 0);
    const phone = this.#phones[index];
    if (phone?.asked !== cseq || phone.answered === cseq) return;
    if (!text.startsWith('SIP/2.0 200 ')) {
      this.refusals.push(text);
      return;
    }
    phone.answered = cseq;
    this.answeredCount += 1;
    for (const { count, resolve } of this.#waiting) if (count <= this.answeredCount) resolve();
  }
}

function callIdOf(index: number): string {
  return `recording-${String(index)}`;
}

/** Whether a phone has a binding after this operation. */
function isBoundAfter(cseq: number): boolean {
  return cseq % REMOVES_EVERY !== 0;
}

/** @param sent each has a branch of its own: a drachtio-server that lost a request answers nothing under its branch for a while */
function registerText(index: number, cseq: number, sent: number, from: string): Buffer {
  const aor = `sip:phone${String(index)}@example.com`;
  const rows = [
    'REGISTER sip:example.com SIP/2.0',
    `Via: SIP/2.0/UDP ${from};branch=z9hG4bK-${String(index)}-${String(sent)};rport`,
    'Max-Forwards: 70',
    `From: <${aor}>;tag=${String(index)}`,
    `To: <${aor}>`,
    `Call-ID: ${callIdOf(index)}`,
    `CSeq: ${String(cseq)} REGISTER`,
    `Contact: <sip:phone${String(index)}@${from}>;expires=${isBoundAfter(cseq) ? '3600' : '0'}`,
    'Content-Length: 0',
  ];
  return Buffer.from(`${rows.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** RFC 3261 §8.2.6.2: what an answer takes over from its request. */
function pingAnswer(ping: string): string {
  const rows = ping.split('\r\n').filter((row) => /^(Via|From|To|Call-ID|CSeq):/i.test(row));
  return ['SIP/2.0 200 OK', ...rows, 'Content-Length: 0', '', ''].join('\r\n');
}

/**
 * The phones that a table contradicts: what it shows (the CSeq of each binding by Call-ID) is neither what the phone was
 * told at `earliest` nor what it asked for from then until `latest`.
 */
export function contradicted(
  earliest: readonly PhoneRecord[],
  latest: readonly PhoneRecord[],
  shown: ReadonlyMap<string, number>,
): string[] {
  return earliest.flatMap(({ callId, answered }, index) => {
    const asked = latest[index]?.asked ?? answered;
    const possible = Array.from({ length: asked - answered + 1 }, (_, later) => answered + later);
    const cseq = shown.get(callId);
    const fits = possible.some((operation) => cseq === (isBoundAfter(operation) ? operation : undefined));
    return fits ? [] : [`${callId}: answered ${String(answered)}, asked ${String(asked)}, shown ${String(cseq)}`];
  });
}
