import { canonicalHost } from '../sip/canonical-uri.ts';
import type { ListeningSocket } from '../sip/engine.ts';
import { Fault } from '../sip/fault.ts';
import { DIGIT, isAll, lowerCase } from '../sip/octets.ts';
import type { SipRequest } from '../sip/request.ts';
import { unescape } from '../sip/unescape.ts';
import { parseUri, type SipUri } from '../sip/uri.ts';
import { isAddress } from './host.ts';
import type { AddressOfRecordSettings } from './settings.ts';

export interface AddressOfRecordRules extends Omit<AddressOfRecordSettings, 'domains'> {
  /** Empty = any. */
  readonly domains: ReadonlySet<string>;
}

/** Who registers, canonical (RFC 3261 §10.3 step 5), and what else the To URI says. */
export interface AddressOfRecord {
  /** The table's key: user@domain, or the user. */
  readonly aor: string;
  /** Lower case, realm prefix cut off; for policies, whether or not it is part of `aor`. */
  readonly domain: string;
  /** Whether the To URI is a SIPS URI. */
  readonly secure: boolean;
}

const ANY_DOMAIN: ReadonlySet<string> = new Set();

/** Reads the AoR from To. Like OpenSIPS: no user part is the sender's fault (400), a part that is too long is a 500. */
export function readAddressOfRecord(request: SipRequest, rules: AddressOfRecordRules): AddressOfRecord | Fault {
  const to = request.to();
  if (to instanceof Fault) return to;
  const uri = parseUri(to.uriText);
  if (uri instanceof Fault) return uri;
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return new Fault(400, 'To Is Not A SIP URI');
  if (uri.user === '') return new Fault(400, 'No User Part In To');
  return canonicalAddressOfRecord(uri, rules);
}

/** The AoR that To names, whether or not it may register here; undefined when it names none. */
export function namedAddressOfRecord(request: SipRequest, rules: AddressOfRecordRules): string | undefined {
  const named = readAddressOfRecord(request, { ...rules, domains: ANY_DOMAIN });
  return named instanceof Fault ? undefined : named.aor;
}

/** URI parameters, port and password are no part of an AoR; escapes are undone, so that `al%69ce` and `alice` are one. */
function canonicalAddressOfRecord(uri: SipUri, rules: AddressOfRecordRules): AddressOfRecord | Fault {
  const domain = canonicalDomain(uri.host, rules.realmPrefix);
  if (rules.domains.size > 0 && !rules.domains.has(domain)) return new Fault(404, 'Domain Not Served Here');
  const user = unescape(uri.user);
  if (user.length > rules.maxUsernameLen) return tooLong('Username');
  if (domain.length > rules.maxDomainLen) return tooLong('Domain');
  const written = rules.useDomain ? `${user}@${domain}` : user;
  if (written.length > rules.maxAorLen) return tooLong('Address Of Record');
  const aor = rules.caseSensitive ? written : lowerCase(written);
  return { aor, domain, secure: uri.scheme === 'sips' };
}

function tooLong(what: string): Fault {
  return new Fault(500, `${what} Too Long`);
}

/** The domain of an AoR. @param host as in SipUri */
export function canonicalDomain(host: string, realmPrefix: string): string {
  return withoutPrefix(canonicalHost(host), realmPrefix);
}

/** A domain that is nothing but the prefix stays. */
function withoutPrefix(domain: string, prefix: string): string {
  return domain.length > prefix.length && domain.startsWith(prefix) ? domain.slice(prefix.length) : domain;
}

/**
 * RFC 3261 §10.3 step 1: the Request-URI names the domain whose bindings are changed. Nothing is proxied here, so a
 * foreign one is refused. Phones without a domain of their own write the registrar's address there.
 */
export function checkRequestUri(
  request: SipRequest,
  socket: ListeningSocket,
  rules: AddressOfRecordRules,
): Fault | undefined {
  if (rules.domains.size === 0) return undefined;
  const uri = request.requestUri();
  if (uri instanceof Fault) return uri;
  const host = canonicalHost(uri.host);
  if (rules.domains.has(host) || rules.domains.has(withoutPrefix(host, rules.realmPrefix))) return undefined;
  return isAddressOf(socket, host) ? undefined : new Fault(403, 'Domain Not Served Here');
}

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** A wildcard listener cannot tell which addresses are its host's: any literal address is taken for one of them. */
function isAddressOf(socket: ListeningSocket, host: string): boolean {
  if (WILDCARDS.has(socket.address)) return isLiteralAddress(host);
  return isAddress(host, socket.address) || host === canonicalHost(advertisedHost(socket.name));
}

/** No host name is made of digits and dots. */
function isLiteralAddress(host: string): boolean {
  return host.startsWith('[') || isAll(host.replaceAll('.', ''), DIGIT);
}

/** The middle of `transport:host:port`. */
function advertisedHost(socketName: string): string {
  return socketName.slice(socketName.indexOf(':') + 1, socketName.lastIndexOf(':'));
}
