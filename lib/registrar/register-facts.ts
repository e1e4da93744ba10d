import type { ContactValue } from '../sip/contact.ts';
import type { InboundRequest } from '../sip/engine.ts';
import { Fault } from '../sip/fault.ts';
import { isAll, lowerCase, TOKEN } from '../sip/octets.ts';
import type { SipRequest } from '../sip/request.ts';
import { checkRequestUri, readAddressOfRecord, type AddressOfRecord } from './address-of-record.ts';
import { readContact, type ContactContext, type ContactFacts } from './contact-facts.ts';
import { CALL_ID_LEN_MAX, USER_AGENT_LEN_MAX } from './limits.ts';
import { viaShowsNat } from './nat-detection.ts';
import { readPath, type PathFacts } from './path-policy.ts';
import type { RegistrarRules } from './rules.ts';

/** A REGISTER as far as it can be judged without looking at the table. */
export interface RegisterFacts {
  readonly aor: string;
  readonly domain: string;
  readonly callId: string;
  readonly cseq: number;
  /** `query`: no Contact; `star`: remove all. */
  readonly asks: 'query' | 'star' | 'contacts';
  /** At least one with `contacts`, else none. */
  readonly contacts: readonly ContactFacts[];
  readonly path: PathFacts;
  readonly userAgent: string;
  /** usrloc's bitmask of Allow, for Contacts without `methods`. */
  readonly allowedMethods: number;
  /** Local socket that the request came in on, advertised form. */
  readonly socket: string;
}

const NO_CONTACTS: readonly ContactFacts[] = [];

/** Reads and checks; what is refused here is refused whatever the table holds. */
export function readRegister(inbound: InboundRequest, rules: RegistrarRules): RegisterFacts | Fault {
  const { request } = inbound;
  const refused = checkRequire(request, rules) ?? checkRequestUri(request, inbound.socket, rules.addressOfRecord);
  if (refused !== undefined) return refused;
  const identity = readAddressOfRecord(request, rules.addressOfRecord);
  if (identity instanceof Fault) return identity;
  if (request.callId.length > CALL_ID_LEN_MAX) return new Fault(400, 'Call-ID Too Long');
  const path = readPath(request, rules.path);
  if (path instanceof Fault) return path;
  const contacts = request.contacts();
  if (contacts instanceof Fault) return contacts;
  if (contacts.kind === 'none') return registerFacts(inbound, rules, identity, path, 'query', NO_CONTACTS);
  if (contacts.kind === 'star') {
    return checkStar(request, contacts.alone) ?? registerFacts(inbound, rules, identity, path, 'star', NO_CONTACTS);
  }
  const read = readContacts(contacts.contacts, contactContext(inbound, rules, identity, path));
  return read instanceof Fault ? read : registerFacts(inbound, rules, identity, path, 'contacts', read);
}

function registerFacts(
  inbound: InboundRequest,
  rules: RegistrarRules,
  identity: AddressOfRecord,
  path: PathFacts,
  asks: RegisterFacts['asks'],
  contacts: readonly ContactFacts[],
): RegisterFacts {
  const { request } = inbound;
  return {
    aor: identity.aor,
    domain: identity.domain,
    callId: request.callId,
    cseq: request.cseq,
    asks,
    contacts,
    path,
    userAgent: userAgentOf(request),
    allowedMethods: rules.methodsMemo.bitmaskOf(request.headers('allow')),
    socket: inbound.socket.name,
  };
}

/** RFC 3261 §8.2.2.3: whatever the sender insists on and is not known is named. `path` is known when a p-flag is on. */
function checkRequire(request: SipRequest, rules: RegistrarRules): Fault | undefined {
  if (request.header('require') === undefined) return undefined;
  const tags = request.optionTags('require');
  // Unknown ones go into the reply, where anything else would break the row.
  if (!tags.every((tag) => isAll(tag, TOKEN))) return new Fault(400, 'Malformed Require');
  const unknown = tags.filter((tag) => lowerCase(tag) !== 'path' || rules.path.pathMode === 'ignored');
  return unknown.length === 0 ? undefined : new Fault(420, 'Bad Extension', [['Unsupported', unknown.join(', ')]]);
}

/** RFC 3261 §10.3 step 6: `*` stands alone, and only with an Expires header of 0. */
function checkStar(request: SipRequest, alone: boolean): Fault | undefined {
  if (!alone) return new Fault(400, 'Contact * Must Stand Alone');
  return request.expires() === 0 ? undefined : new Fault(400, 'Contact * Needs Expires: 0');
}

function contactContext(
  inbound: InboundRequest,
  rules: RegistrarRules,
  identity: AddressOfRecord,
  path: PathFacts,
): ContactContext {
  const expiresS = inbound.request.expires();
  return {
    inbound,
    rules,
    expiresS: expiresS === 'invalid' ? undefined : expiresS,
    secure: identity.secure,
    pathReceived: path.received,
    behindPath: path.stored !== '',
    viaNated: viaShowsNat(inbound, rules.nat.uacTest),
  };
}

/** All or none: the first bad Contact refuses the request. */
function readContacts(values: readonly ContactValue[], context: ContactContext): readonly ContactFacts[] | Fault {
  const read: ContactFacts[] = [];
  for (const value of values) {
    const facts = readContact(value, context);
    if (facts instanceof Fault) return facts;
    read.push(facts);
  }
  return read;
}

function userAgentOf(request: SipRequest): string {
  const userAgent = request.header('user-agent');
  return userAgent === undefined || userAgent === '' || userAgent.length > USER_AGENT_LEN_MAX ? 'n/a' : userAgent;
}
