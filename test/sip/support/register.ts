import { parseMessage } from '../../../lib/sip/parser.ts';
import type { SipRequest } from '../../../lib/sip/request.ts';

export interface RegisterParts {
  readonly uri?: string;
  readonly via?: string;
  readonly from?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: string;
  /** Further rows as they are written. */
  readonly rows?: readonly string[];
  readonly body?: string;
}

/** A REGISTER as a byte string; each part is what stands behind the header's name. */
export function registerText(parts: RegisterParts = {}): string {
  return [
    `REGISTER ${parts.uri ?? 'sip:example.com'} SIP/2.0`,
    `Via: ${parts.via ?? 'SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bK1;rport'}`,
    `From: ${parts.from ?? '<sip:alice@example.com>;tag=1'}`,
    `To: ${parts.to ?? '<sip:alice@example.com>'}`,
    `Call-ID: ${parts.callId ?? 'a1@192.0.2.4'}`,
    `CSeq: ${parts.cseq ?? '1 REGISTER'}`,
    ...(parts.rows ?? []),
    '',
    parts.body ?? '',
  ].join('\r\n');
}

/** The parsed REGISTER; throws when it is not valid. */
export function register(parts: RegisterParts = {}): SipRequest {
  return parseRequest(registerText(parts));
}

export function parseRequest(text: string): SipRequest {
  const parsed = parseMessage(text);
  if (parsed.kind === 'request') return parsed.request;
  throw new Error(parsed.kind === 'malformed' ? parsed.fault.reason : 'a response');
}

/** Status and reason of a malformed message, and whether it can be answered. */
export function refusal(text: string): string {
  const parsed = parseMessage(text);
  if (parsed.kind !== 'malformed') return parsed.kind;
  const way = parsed.replyable === undefined ? 'dropped' : 'answered';
  return `${String(parsed.fault.status)} ${parsed.fault.reason}, ${way}`;
}
