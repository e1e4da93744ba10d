import type { InboundRequest } from '../sip/engine.ts';
import { Fault } from '../sip/fault.ts';
import type { SipUri } from '../sip/uri.ts';
import type { Via } from '../sip/via.ts';
import { bracketed, isAddress } from './host.ts';
import { NAT_TESTS, isPrivateIpv4 } from './nat-tests.ts';

const VIA_TESTS = NAT_TESTS['diff-ip-src-via'] | NAT_TESTS['private-via'] | NAT_TESTS['diff-port-src-via'];
const SIP_PORT = 5060;
const SIPS_PORT = 5061;

/** Whether what the topmost Via says shows a NAT; it holds for all contacts of the request. */
export function viaShowsNat(inbound: InboundRequest, tests: number): boolean {
  if ((tests & VIA_TESTS) === 0) return false;
  const via = inbound.request.topVia();
  if (via instanceof Fault) return false;
  if ((tests & NAT_TESTS['diff-ip-src-via']) !== 0 && !isAddress(via.host, inbound.sourceAddress)) return true;
  if ((tests & NAT_TESTS['private-via']) !== 0 && isPrivateIpv4(via.host, isCarrierGrade(tests))) return true;
  return (tests & NAT_TESTS['diff-port-src-via']) !== 0 && viaPort(via) !== inbound.sourcePort;
}

/** Whether this one contact shows a NAT. */
export function contactShowsNat(inbound: InboundRequest, contact: SipUri, tests: number): boolean {
  if ((tests & NAT_TESTS['private-contact']) !== 0 && isPrivateIpv4(contact.host, isCarrierGrade(tests))) return true;
  if ((tests & NAT_TESTS['diff-ip-src-contact']) !== 0 && !isAddress(contact.host, inbound.sourceAddress)) return true;
  return (tests & NAT_TESTS['diff-port-src-contact']) !== 0 && contactPort(contact) !== inbound.sourcePort;
}

/** fix_nated_register: the source as a URI, without transport for UDP. */
export function sourceUri(inbound: InboundRequest): string {
  const uri = `sip:${bracketed(inbound.sourceAddress)}:${String(inbound.sourcePort)}`;
  return inbound.socket.transport === 'udp' ? uri : `${uri};transport=${inbound.socket.transport}`;
}

/** fix_nated_contact: host and port become the source's; `maddr` goes, since it would lead past the NAT. */
export function contactFromSource(inbound: InboundRequest, contact: SipUri): string {
  const password = contact.password === '' ? '' : `:${contact.password}`;
  const userInfo = contact.user === '' ? '' : `${contact.user}${password}@`;
  let text = `${contact.scheme}:${userInfo}${bracketed(inbound.sourceAddress)}:${String(inbound.sourcePort)}`;
  for (const param of contact.params) {
    if (param.name !== 'maddr') text += param.value === undefined ? `;${param.name}` : `;${param.name}=${param.value}`;
  }
  return contact.headers === '' ? text : `${text}?${contact.headers}`;
}

function isCarrierGrade(tests: number): boolean {
  return (tests & NAT_TESTS['carrier-grade-nat']) !== 0;
}

function viaPort(via: Via): number {
  if (via.port !== 0) return via.port;
  return via.transport.startsWith('TLS') ? SIPS_PORT : SIP_PORT;
}

function contactPort(contact: SipUri): number {
  if (contact.port !== 0) return contact.port;
  return contact.scheme === 'sips' ? SIPS_PORT : SIP_PORT;
}
