import { Fault } from './fault.ts';
import { parseIpv6 } from './ipv6.ts';
import { URI_PARAMS_MAX } from './limits.ts';
import { normalText } from './normal-text.ts';
import {
  classOf,
  DIGIT,
  HOST,
  lowerCase,
  NEVER_IN_URI,
  octetAt,
  PARAM,
  parseDigits,
  TOKEN,
  UPPER,
  USER,
} from './octets.ts';

/** A URI of RFC 3261 §19.1. For schemes other than sip and sips only `scheme` and `text` mean anything. */
export interface SipUri {
  /** As it was parsed. */
  readonly text: string;
  /** Lower case. */
  readonly scheme: string;
  /** As written, escapes kept; '' without user part. */
  readonly user: string;
  /** As written; '' without. An empty password counts as none. */
  readonly password: string;
  /** Lower case; IPv6 in brackets, as written. */
  readonly host: string;
  /** 0 = not given. */
  readonly port: number;
  /** At most URI_PARAMS_MAX, each name once. */
  readonly params: readonly UriParam[];
  /** As written, what follows `?`; '' without. */
  readonly headers: string;
  /** Whether `text` is its own canonical form already; see `canonicalUri`. */
  readonly isCanonical: boolean;
}

export interface UriParam {
  /** In normal form: lower case, without needless escapes. */
  readonly name: string;
  /** As written; undefined for a flag like `lr`, also when it was written `lr=`. */
  readonly value: string | undefined;
}

const NO_PARAMS: readonly UriParam[] = [];

const AT = 64;
const COLON = 58;
const SEMICOLON = 59;
const QUESTION = 63;
const EQUALS = 61;
const PERCENT = 37;
const BRACKET = 91;
const ZERO = 48;

const BAD_CHARACTER = new Fault(400, 'Bad Character in URI');
const EMPTY_USER = new Fault(400, 'Empty User in URI');
const BAD_HOST = new Fault(400, 'Bad Host in URI');
const BAD_PORT = new Fault(400, 'Bad Port in URI');
const BAD_PARAM = new Fault(400, 'Bad Parameter in URI');
const DOUBLE_PARAM = new Fault(400, 'URI Parameter Given Twice');
const TOO_MANY_PARAMS = new Fault(400, 'Too Many URI Parameters');
const NO_SCHEME = new Fault(400, 'URI Without Scheme');

/**
 * Parses an addr-spec. A Fault (400) says what is wrong with it.
 *
 * More lenient than the grammar where phones are: the user part may have any octet but controls, space and `"<>@`, since
 * `#` and raw UTF-8 occur; they compare like their escapes. Not lenient where two readers could differ: an `@` in the
 * user part, a parameter given twice, an empty user part.
 */
export function parseUri(text: string): SipUri | Fault {
  // Nearly all are written like this; the others take the long way.
  if (text.startsWith('sip:')) return sipUri(text, 'sip', true);
  const colon = schemeEnd(text);
  if (colon === 0) return NO_SCHEME;
  const scheme = lowerCase(text.substring(0, colon));
  const isLowerCase = text.startsWith(scheme);
  return scheme === 'sip' || scheme === 'sips'
    ? sipUri(text, scheme, isLowerCase)
    : opaqueUri(text, scheme, isLowerCase);
}

function sipUri(text: string, scheme: string, isCanonical: boolean): SipUri | Fault {
  const uri = new ScannedUri(text, scheme, isCanonical);
  return uri.scan() ?? uri;
}

/** The value of a URI parameter as written, '' for a flag, undefined when the URI lacks it. `name` in lower case. */
export function uriParam(uri: SipUri, name: string): string | undefined {
  for (const param of uri.params) if (param.name === name) return param.value ?? '';
  return undefined;
}

/** Index of the `:` behind the scheme, 0 when there is no scheme. */
function schemeEnd(text: string): number {
  let at = 0;
  while (at < text.length && isSchemeOctet(text.charCodeAt(at))) at++;
  return at < text.length && text.charCodeAt(at) === COLON ? at : 0;
}

function isSchemeOctet(octet: number): boolean {
  return octet !== PERCENT && (classOf(octet) & TOKEN) !== 0;
}

function opaqueUri(text: string, scheme: string, isCanonical: boolean): SipUri | Fault {
  for (let at = scheme.length + 1; at < text.length; at++) {
    if ((classOf(text.charCodeAt(at)) & NEVER_IN_URI) !== 0) return BAD_CHARACTER;
  }
  return { text, scheme, user: '', password: '', host: '', port: 0, params: NO_PARAMS, headers: '', isCanonical };
}

/** A sip or sips URI while it is read from left to right; its fields are final when `scan` found no fault. */
class ScannedUri implements SipUri {
  readonly text: string;
  readonly scheme: string;
  user = '';
  password = '';
  host = '';
  port = 0;
  params = NO_PARAMS;
  headers = '';
  isCanonical: boolean;
  #at: number;

  constructor(text: string, scheme: string, isCanonical: boolean) {
    this.text = text;
    this.scheme = scheme;
    this.isCanonical = isCanonical;
    this.#at = scheme.length + 1;
  }

  scan(): Fault | undefined {
    const fault =
      this.#scanUserinfo() ?? this.#scanHost() ?? this.#scanPort() ?? this.#scanParams() ?? this.#scanHeaders();
    if (fault !== undefined) return fault;
    return this.#at === this.text.length ? undefined : BAD_CHARACTER;
  }

  /** Up to the `@`; without one there is no user part and nothing is consumed. */
  #scanUserinfo(): Fault | undefined {
    const text = this.text;
    const start = this.#at;
    let isPlain = true;
    let colon = -1;
    for (let at = start; at < text.length; at++) {
      const octet = text.charCodeAt(at);
      const octetClass = classOf(octet);
      if ((octetClass & USER) !== 0) continue;
      if (octet === AT) return this.#takeUserinfo(at, colon, isPlain);
      if ((octetClass & NEVER_IN_URI) !== 0) return BAD_CHARACTER;
      if (octet !== COLON || colon >= 0) isPlain = false;
      else colon = at;
    }
    return undefined;
  }

  #takeUserinfo(at: number, colon: number, isPlain: boolean): Fault | undefined {
    const start = this.#at;
    const userEnd = colon < 0 ? at : colon;
    if (userEnd === start) return EMPTY_USER;
    this.user = this.text.substring(start, userEnd);
    if (colon >= 0) {
      this.password = this.text.substring(colon + 1, at);
      if (this.password.includes(':')) return BAD_CHARACTER;
    }
    if (!isPlain || colon === at - 1) this.isCanonical = false;
    this.#at = at + 1;
    return undefined;
  }

  #scanHost(): Fault | undefined {
    const text = this.text;
    const start = this.#at;
    if (octetAt(text, start) === BRACKET) return this.#scanIpv6();
    let at = start;
    let classes = 0;
    for (; at < text.length; at++) {
      const octetClass = classOf(text.charCodeAt(at));
      if ((octetClass & HOST) === 0) break;
      classes |= octetClass;
    }
    if (at === start) return BAD_HOST;
    const host = text.substring(start, at);
    this.#at = at;
    if ((classes & UPPER) === 0) {
      this.host = host;
    } else {
      this.host = lowerCase(host);
      this.isCanonical = false;
    }
    return undefined;
  }

  #scanIpv6(): Fault | undefined {
    const start = this.#at;
    const close = this.text.indexOf(']', start);
    if (close < 0 || parseIpv6(this.text.substring(start + 1, close)) === undefined) return BAD_HOST;
    this.host = lowerCase(this.text.substring(start, close + 1));
    this.isCanonical = false;
    this.#at = close + 1;
    return undefined;
  }

  #scanPort(): Fault | undefined {
    const text = this.text;
    if (octetAt(text, this.#at) !== COLON) return undefined;
    const start = this.#at + 1;
    let at = start;
    while (at < text.length && (classOf(text.charCodeAt(at)) & DIGIT) !== 0) at++;
    const port = parseDigits(text, start, at, 65_535);
    if (port <= 0) return BAD_PORT;
    if (text.charCodeAt(start) === ZERO) this.isCanonical = false;
    this.port = port;
    this.#at = at;
    return undefined;
  }

  #scanParams(): Fault | undefined {
    if (octetAt(this.text, this.#at) !== SEMICOLON) return undefined;
    const params: UriParam[] = [];
    this.params = params;
    while (octetAt(this.text, this.#at) === SEMICOLON) {
      const param = this.#scanParam();
      if (param.name === '') return BAD_PARAM;
      for (const earlier of params) if (earlier.name === param.name) return DOUBLE_PARAM;
      const last = params.at(-1);
      if (last !== undefined && last.name > param.name) this.isCanonical = false;
      if (params.length === URI_PARAMS_MAX) return TOO_MANY_PARAMS;
      params.push(param);
    }
    return undefined;
  }

  #scanParam(): UriParam {
    const start = this.#at + 1;
    const nameEnd = this.#endOfParamPart(start, true);
    const name = this.text.substring(start, nameEnd);
    const normalName = this.isCanonical ? name : normalText(name, PARAM, true);
    this.#at = nameEnd;
    if (octetAt(this.text, nameEnd) !== EQUALS) return { name: normalName, value: undefined };
    const valueEnd = this.#endOfParamPart(nameEnd + 1, false);
    this.#at = valueEnd;
    if (valueEnd > nameEnd + 1) return { name: normalName, value: this.text.substring(nameEnd + 1, valueEnd) };
    this.isCanonical = false;
    return { name: normalName, value: undefined };
  }

  /** Where a parameter's name or value ends; notes on the way whether it is in normal form. */
  #endOfParamPart(at: number, isName: boolean): number {
    const text = this.text;
    for (; at < text.length; at++) {
      const octet = text.charCodeAt(at);
      if (octet === SEMICOLON || octet === QUESTION || octet === AT || (isName && octet === EQUALS)) break;
      const octetClass = classOf(octet);
      if ((octetClass & NEVER_IN_URI) !== 0) break;
      if ((octetClass & PARAM) === 0 || (octetClass & UPPER) !== 0) this.isCanonical = false;
    }
    return at;
  }

  #scanHeaders(): Fault | undefined {
    const text = this.text;
    if (octetAt(text, this.#at) !== QUESTION) return undefined;
    const start = this.#at + 1;
    for (let at = start; at < text.length; at++) {
      const octet = text.charCodeAt(at);
      if (octet === AT || (classOf(octet) & NEVER_IN_URI) !== 0) return BAD_CHARACTER;
    }
    this.headers = text.substring(start);
    this.#at = text.length;
    if (start === text.length) this.isCanonical = false;
    return undefined;
  }
}
