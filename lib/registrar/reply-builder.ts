import { PERMANENT, type PutRecord } from '../location/record.ts';
import { sipDate } from '../sip/date.ts';
import type { SipReply } from '../sip/engine.ts';
import type { Fault, SipHeader } from '../sip/fault.ts';
import { printQ } from './q-value.ts';

export interface ReplyRules {
  /** Values of the Service-Route rows. */
  readonly serviceRoutes: readonly string[];
  /** Seconds; 0 = no Retry-After but on 503. */
  readonly retryAfterS: number;
  /** What is told of a binding without an end, seconds. (OpenSIPS prints a negative number.) */
  readonly maxExpiresS: number;
}

/** Retry-After of a 503 when retry_after does not say: room comes when a binding ends or the operator makes some. */
const LIMIT_RETRY_AFTER_S = 60;

/** Makes the registrar's replies; keeps the text of the current second's Date. */
export class ReplyBuilder {
  readonly #rules: ReplyRules;
  readonly #serviceRoutes: readonly SipHeader[];
  #dateSecond = -1;
  #date: SipHeader = ['Date', ''];

  constructor(rules: ReplyRules) {
    this.#rules = rules;
    this.#serviceRoutes = rules.serviceRoutes.map((route): SipHeader => ['Service-Route', route]);
  }

  /** 200 with all of `bindings` in one Contact header; without any, none. @param path to echo, or '' */
  ok(bindings: readonly PutRecord[], path: string, nowMs: number): SipReply {
    const headers: SipHeader[] = [];
    if (bindings.length > 0) headers.push(['Contact', this.#listing(bindings, nowMs)]);
    if (path !== '') headers.push(['Path', path]);
    for (const route of this.#serviceRoutes) headers.push(route);
    headers.push(this.#dateAt(nowMs));
    return { status: 200, reason: 'OK', headers };
  }

  /** Like OpenSIPS every refusal has a P-Registrar-Error. */
  refusal({ status, reason, headers }: Fault): SipReply {
    const all = [...headers];
    if (!headers.some(([name]) => name === 'P-Registrar-Error')) all.push(['P-Registrar-Error', reason]);
    const retryAfterS = this.#retryAfterS(status);
    if (retryAfterS > 0) all.push(['Retry-After', String(retryAfterS)]);
    return { status, reason, headers: all };
  }

  #retryAfterS(status: number): number {
    if (status < 500 || status > 599) return 0;
    return status === 503 && this.#rules.retryAfterS === 0 ? LIMIT_RETRY_AFTER_S : this.#rules.retryAfterS;
  }

  #listing(bindings: readonly PutRecord[], nowMs: number): string {
    let text = '';
    for (const binding of bindings) text += (text === '' ? '' : ', ') + this.#contact(binding, nowMs);
    return text;
  }

  #contact({ contactUri, expiresAtMs, binding }: PutRecord, nowMs: number): string {
    let text = `<${contactUri}>`;
    const q = printQ(binding.q);
    if (q !== '') text += `;q=${q}`;
    text += `;expires=${String(this.#remainingS(expiresAtMs, nowMs))}`;
    if (binding.received !== '') text += `;received="${quotable(binding.received)}"`;
    if (binding.instance !== '') text += `;+sip.instance="${quotable(binding.instance)}"`;
    return text;
  }

  /** Rounded up: a binding that is shown has not ended, and a retransmission within the second reads like the first reply. */
  #remainingS(expiresAtMs: number, nowMs: number): number {
    return expiresAtMs === PERMANENT ? this.#rules.maxExpiresS : Math.ceil((expiresAtMs - nowMs) / 1000);
  }

  /** RFC 3261 §10.3 step 8: Date lets a phone without a clock set one. */
  #dateAt(nowMs: number): SipHeader {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#dateSecond) {
      this.#dateSecond = second;
      this.#date = ['Date', sipDate(nowMs)];
    }
    return this.#date;
  }
}

/** Text as it stands in a quoted string (RFC 3261 §25.1). */
export function quotable(text: string): string {
  return text.includes('"') || text.includes('\\') ? text.replaceAll('\\', '\\\\').replaceAll('"', '\\"') : text;
}
