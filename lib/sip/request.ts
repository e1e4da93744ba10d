import { ContactReader, type Contacts } from './contact.ts';
import type { CSeq } from './cseq.ts';
import { Fault } from './fault.ts';
import { headerId, type HeaderName } from './header-name.ts';
import { NEXT_ROW, type HeaderTable } from './header-table.ts';
import { parseNameAddr, parseNameAddrAt, type NameAddr } from './name-addr.ts';
import { parseDigits } from './octets.ts';
import { parsePath, type PathUri } from './path-uri.ts';
import { hasToken, tokensOf } from './token-list.ts';
import { parseUri, type SipUri } from './uri.ts';
import { parseVia, parseViaAt, type Via } from './via.ts';

/** RFC 3261 §20.19: delta-seconds up to 2^32-1. */
const EXPIRES_MAX = 4_294_967_295;

const VIA = headerId('via');
const FROM = headerId('from');
const TO = headerId('to');
const CALL_ID = headerId('call-id');
const CONTACT = headerId('contact');
const EXPIRES = headerId('expires');
const PATH = headerId('path');
const CONTENT_LENGTH = headerId('content-length');

export type OptionTagHeader = 'supported' | 'require' | 'proxy-require';

/**
 * A request, read lazily: a header is decoded when it is first asked for, and not before. The strings that it gives are
 * slices that keep the whole message alive; who stores one for long copies it.
 */
export class SipRequest {
  readonly method: string;
  /** Request-URI as written. */
  readonly uriText: string;
  /** '' in a malformed request that lacks it. */
  readonly callId: string;
  /** 0 in a malformed request that lacks it. */
  readonly cseq: number;
  /** Equal to `method` unless the request is malformed. */
  readonly cseqMethod: string;
  readonly #headers: HeaderTable;
  #requestUri: SipUri | Fault | undefined = undefined;
  #from: NameAddr | Fault | undefined = undefined;
  #to: NameAddr | Fault | undefined = undefined;
  #topVia: Via | Fault | undefined = undefined;

  constructor(method: string, uriText: string, headers: HeaderTable, cseq: CSeq | undefined) {
    this.method = method;
    this.uriText = uriText;
    this.callId = headers.value(CALL_ID) ?? '';
    this.cseq = cseq === undefined ? 0 : cseq.number;
    this.cseqMethod = cseq === undefined ? '' : cseq.method;
    this.#headers = headers;
  }

  /** The whole message. */
  get text(): string {
    return this.#headers.text;
  }

  /** Index of the body's first octet in `text`. */
  get bodyStart(): number {
    return this.#headers.bodyStart;
  }

  /** As long as Content-Length says, else the rest of the message; octets beyond it are no part of the request. */
  get body(): string {
    const { text, bodyStart } = this.#headers;
    const value = this.#headers.value(CONTENT_LENGTH);
    const length = value === undefined ? -1 : parseDigits(value, 0, value.length, text.length);
    return length < 0 ? text.substring(bodyStart) : text.substring(bodyStart, bodyStart + length);
  }

  /** First value, unfolded and trimmed; undefined without. */
  header(name: HeaderName): string | undefined {
    return this.#headers.value(headerId(name));
  }

  /** All rows in order, unfolded and trimmed; comma lists are not split. */
  headers(name: HeaderName): readonly string[] {
    return this.#headers.values(headerId(name));
  }

  requestUri(): SipUri | Fault {
    return (this.#requestUri ??= parseUri(this.uriText));
  }

  to(): NameAddr | Fault {
    return (this.#to ??= this.#address(TO, 'Missing To'));
  }

  from(): NameAddr | Fault {
    return (this.#from ??= this.#address(FROM, 'Missing From'));
  }

  topVia(): Via | Fault {
    return (this.#topVia ??= this.#parseTopVia());
  }

  /** All Contact values of all rows; a Fault (400) when one is malformed, or there are more than CONTACTS_MAX. */
  contacts(): Contacts | Fault {
    const headers = this.#headers;
    const reader = new ContactReader();
    for (let row = headers.find(CONTACT); row >= 0; row = headers.find(CONTACT, row + NEXT_ROW)) {
      const fault = headers.isFolded(row)
        ? reader.addRow(headers.valueAt(row), 0, headers.valueAt(row).length)
        : reader.addRow(headers.text, headers.startOf(row), headers.endOf(row));
      if (fault !== undefined) return fault;
    }
    return reader.contacts();
  }

  /** The Expires header in seconds; 'invalid' for what is no number, or above 2^32-1. */
  expires(): number | undefined | 'invalid' {
    const value = this.#headers.value(EXPIRES);
    if (value === undefined) return undefined;
    const seconds = parseDigits(value, 0, value.length, EXPIRES_MAX);
    return seconds < 0 ? 'invalid' : seconds;
  }

  /** Whether a header lists an option tag, in any case. @param tag in lower case */
  hasOption(header: OptionTagHeader, tag: string): boolean {
    const value = this.#headers.value(headerId(header));
    if (value === undefined) return false;
    return hasToken(value, tag) || this.headers(header).some((row) => hasToken(row, tag));
  }

  /** All option tags of a header as written, in order. */
  optionTags(header: OptionTagHeader): readonly string[] {
    return tokensOf(this.headers(header));
  }

  /** The Path in order, empty without; a Fault (400) when one value is malformed, or there are more than PATH_URIS_MAX. */
  pathUris(): readonly PathUri[] | Fault {
    return this.#headers.has(PATH) ? parsePath(this.#headers.values(PATH)) : NO_PATH;
  }

  #address(id: number, missing: string): NameAddr | Fault {
    const headers = this.#headers;
    const row = headers.find(id);
    if (row < 0) return new Fault(400, missing);
    if (headers.isFolded(row)) return parseNameAddr(headers.valueAt(row));
    return parseNameAddrAt(headers.text, headers.startOf(row), headers.endOf(row));
  }

  #parseTopVia(): Via | Fault {
    const headers = this.#headers;
    const row = headers.find(VIA);
    if (row < 0) return new Fault(400, 'Missing Via');
    if (headers.isFolded(row)) return parseVia(headers.valueAt(row));
    return parseViaAt(headers.text, headers.startOf(row), headers.endOf(row));
  }
}

const NO_PATH: readonly PathUri[] = [];
