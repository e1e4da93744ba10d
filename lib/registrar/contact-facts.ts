import type { ContactValue } from '../sip/contact.ts';
import type { InboundRequest } from '../sip/engine.ts';
import { Fault } from '../sip/fault.ts';
import { headerParam } from '../sip/header-param.ts';
import { methodsBitmask } from '../sip/methods.ts';
import { parseUri, type SipUri } from '../sip/uri.ts';
import { bindingKey } from './binding-key.ts';
import { parseExpires } from './expiry.ts';
import { INSTANCE_LEN_MAX } from './limits.ts';
import { contactFromSource, contactShowsNat, sourceUri } from './nat-detection.ts';
import { isUsableReceived } from './path-policy.ts';
import { parseQ } from './q-value.ts';
import type { RegistrarRules } from './rules.ts';

/** One Contact of a REGISTER, checked. */
export interface ContactFacts {
  /** Identity of its binding within the AoR. */
  readonly key: string;
  readonly uri: SipUri;
  /** Seconds that the Contact or the Expires header asked for; 0 = remove, undefined = nothing usable was said. */
  readonly askedS: number | undefined;
  /** Thousandths, or Q_UNSPECIFIED. */
  readonly q: number;
  readonly received: string;
  readonly nated: boolean;
  /** With angle brackets, or ''. */
  readonly instance: string;
  /** usrloc's bitmask; undefined = the Contact does not say. */
  readonly methods: number | undefined;
}

/** What holds for every Contact of the request. */
export interface ContactContext {
  readonly inbound: InboundRequest;
  readonly rules: RegistrarRules;
  /** The Expires header, seconds; undefined = none that is usable. */
  readonly expiresS: number | undefined;
  /** To is a SIPS URI. */
  readonly secure: boolean;
  /** `received` that the Path gave (`v`), or ''. */
  readonly pathReceived: string;
  /** Whether a Path is stored: then the source of the request is a proxy, and says nothing about the phone. */
  readonly behindPath: boolean;
  /** Whether the topmost Via shows a NAT. */
  readonly viaNated: boolean;
}

/** Everything that can be wrong with a Contact is found here, the first one included (OpenSIPS measures its length from the second on). */
export function readContact(value: ContactValue, context: ContactContext): ContactFacts | Fault {
  const { contacts } = context.rules;
  if (value.uriText.length > contacts.maxContactLen) return new Fault(400, 'Contact Too Long');
  const written = parseUri(value.uriText);
  if (written instanceof Fault) return written;
  if (written.scheme !== 'sip' && written.scheme !== 'sips') return new Fault(400, 'Contact Is Not A SIP URI');
  // RFC 3261 §10.2.1: who registers a SIPS address of record is to be reached by SIPS only.
  if (context.secure && written.scheme !== 'sips') return new Fault(400, 'SIPS Contact Expected');
  const q = value.q === undefined ? contacts.defaultQ : parseQ(value.q);
  if (q === undefined) return new Fault(400, 'Bad q Value');
  const instance = value.instance ?? '';
  if (instance.length > INSTANCE_LEN_MAX) return new Fault(400, 'Instance Too Long');
  // A quoted string may hold an escaped NUL, which a phone that reads the listing may take for the end of everything.
  if (hasControl(instance)) return new Fault(400, 'Bad Character In Instance');
  const received = givenReceived(value, context);
  if (received instanceof Fault) return received;
  return contactFacts(value, context, { written, q, instance, received });
}

const SPACE = 0x20;
const DELETE = 0x7f;

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const octet = text.charCodeAt(at);
    if (octet < SPACE || octet === DELETE) return true;
  }
  return false;
}

interface CheckedParts {
  readonly written: SipUri;
  readonly q: number;
  readonly instance: string;
  readonly received: string;
}

function contactFacts(value: ContactValue, context: ContactContext, parts: CheckedParts): ContactFacts | Fault {
  const { inbound, rules } = context;
  const detected = !context.behindPath && parts.received === '' && isNated(context, parts.written);
  const uri =
    detected && rules.nat.fix === 'contact' ? parseUri(contactFromSource(inbound, parts.written)) : parts.written;
  if (uri instanceof Fault) return uri;
  const received = detected && rules.nat.fix === 'received' ? sourceUri(inbound) : parts.received;
  return {
    key: bindingKey(uri, inbound.request.callId, rules.contacts.matchingMode),
    uri,
    askedS: value.expires === undefined ? context.expiresS : parseExpires(value.expires),
    q: parts.q,
    received,
    nated: detected || received !== '',
    instance: parts.instance,
    methods: value.methods === undefined ? undefined : methodsBitmask(value.methods),
  };
}

function isNated(context: ContactContext, uri: SipUri): boolean {
  return context.viaNated || contactShowsNat(context.inbound, uri, context.rules.nat.uacTest);
}

/**
 * What somebody before us found out: the edge proxy by its Path (`v`), else by a parameter of this very Contact
 * (nathelper's add_rcv_param). It is each Contact's own: in OpenSIPS the first one's sticks to those that follow.
 */
function givenReceived(value: ContactValue, context: ContactContext): string | Fault {
  if (context.pathReceived !== '') return context.pathReceived;
  const received = receivedParam(value, context.rules.contacts.receivedParam);
  if (received === '' || isUsableReceived(received)) return received;
  return new Fault(400, 'Bad received In Contact');
}

function receivedParam(value: ContactValue, name: string): string {
  if (name === '' || value.params === '') return '';
  return (name === 'received' ? value.received : headerParam(value.params, name)) ?? '';
}
