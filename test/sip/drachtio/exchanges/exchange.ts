import type { SipTimers } from '../../../support/drachtio/place.ts';
import type { Phone, Stage } from './stage.ts';

/** Something that apps and phones do with a drachtio-server, and that the server always takes the same way. */
export interface Exchange {
  /** Its golden file is called by it. Also a part of Call-IDs and branches, since no two exchanges with one server may share them. */
  readonly name: string;
  readonly title: string;
  /** A server of its own: with other timers, or one that does not outlive the exchange. */
  readonly own?: { readonly timers?: SipTimers; readonly hasWebSocket?: boolean };
  play(stage: Stage): Promise<void>;
}

export interface RequestParts {
  readonly method?: string;
  readonly uri?: string;
  readonly id: string;
  readonly cseq?: number;
  /** Rows after CSeq, without their ends. */
  readonly rows?: readonly string[];
  /** Parameters of Via after the branch. */
  readonly via?: string;
}

/** A request outside of any dialog. */
export function requestText(phone: Phone, { method = 'REGISTER', id, cseq = 1, ...parts }: RequestParts): string {
  return rowsText([
    `${method} ${parts.uri ?? 'sip:example.com'} SIP/2.0`,
    `Via: SIP/2.0/${phone.transport.toUpperCase()} ${phone.host};branch=z9hG4bK-${id}-${String(cseq)}${parts.via ?? ';rport'}`,
    'Max-Forwards: 70',
    `From: <sip:alice@example.com>;tag=from-${id}`,
    'To: <sip:alice@example.com>',
    `Call-ID: ${id}`,
    `CSeq: ${String(cseq)} ${method}`,
    ...(parts.rows ?? [`Contact: <sip:alice@${phone.host}>`]),
    'Content-Length: 0',
  ]);
}

/** The head of a message, with the empty line at its end. */
export function rowsText(rows: readonly string[]): string {
  return `${rows.join('\r\n')}\r\n\r\n`;
}

/** An answer of a phone to a request that it got. */
export function answerText(request: string, status: string, rows: readonly string[] = []): string {
  const kept = request.split('\r\n').filter((row) => /^(via|from|to|call-id|cseq):/i.test(row));
  const tagged = kept.map((row) => (/^to:/i.test(row) && !row.includes(';tag=') ? `${row};tag=to-phone` : row));
  return rowsText([`SIP/2.0 ${status}`, ...tagged, ...rows, 'Content-Length: 0']);
}

/** The transaction that a request frame belongs to. */
export function transactionOf({ tokens }: { readonly tokens: readonly string[] }): string {
  return tokens[8] ?? '';
}
