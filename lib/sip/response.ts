import type { CSeq } from './cseq.ts';
import { headerId, type HeaderName } from './header-name.ts';
import type { HeaderTable } from './header-table.ts';
import type { Via } from './via.ts';

/** A response, as far as whoever sent the request needs it. */
export class SipResponse {
  /** 100..699. */
  readonly status: number;
  /** As written, '' without. */
  readonly reason: string;
  readonly callId: string;
  readonly cseq: number;
  readonly cseqMethod: string;
  readonly topVia: Via;
  readonly #headers: HeaderTable;

  constructor(status: number, reason: string, headers: HeaderTable, callId: string, cseq: CSeq, topVia: Via) {
    this.status = status;
    this.reason = reason;
    this.callId = callId;
    this.cseq = cseq.number;
    this.cseqMethod = cseq.method;
    this.topVia = topVia;
    this.#headers = headers;
  }

  /** The whole message. */
  get text(): string {
    return this.#headers.text;
  }

  /** First value, unfolded and trimmed; undefined without. */
  header(name: HeaderName): string | undefined {
    return this.#headers.value(headerId(name));
  }

  /** All rows in order, unfolded and trimmed; comma lists are not split. */
  headers(name: HeaderName): readonly string[] {
    return this.#headers.values(headerId(name));
  }
}
