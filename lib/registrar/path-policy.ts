import { Fault } from '../sip/fault.ts';
import type { PathUri } from '../sip/path-uri.ts';
import type { SipRequest } from '../sip/request.ts';
import { unescape } from '../sip/unescape.ts';
import { parseUri, uriParam } from '../sip/uri.ts';
import { RECEIVED_LEN_MAX } from './limits.ts';

/**
 * `save()`'s p-flags (RFC 3327). `ignored`: no flag, Path is neither stored nor echoed. `off` (p0): stored. `lazy` (p1): stored, and
 * echoed to who supports Path. `strict` (p2): as lazy, and who does not support it is refused.
 */
export type PathMode = 'ignored' | 'off' | 'lazy' | 'strict';

export interface PathRules {
  readonly pathMode: PathMode;
  /** `v`: `received` comes from the Path. */
  readonly pathReceived: boolean;
  /** Octets of all Path URIs, joined with commas. */
  readonly maxPathLen: number;
}

export interface PathFacts {
  /** What the binding keeps: all Path values in order, joined with commas; '' without. */
  readonly stored: string;
  /** What the 200 echoes; '' = no Path header. */
  readonly echoed: string;
  /** Where the edge proxy saw the phone (`v`), unescaped; '' when it does not say. */
  readonly received: string;
}

const NO_PATH: PathFacts = { stored: '', echoed: '', received: '' };

/** What becomes of the request's Path. All refusals are decided here, before anything is stored. */
export function readPath(request: SipRequest, rules: PathRules): PathFacts | Fault {
  if (rules.pathMode === 'ignored' || request.header('path') === undefined) return NO_PATH;
  const uris = request.pathUris();
  if (uris instanceof Fault) return uris;
  const first = uris[0];
  if (first === undefined) return NO_PATH;
  // RFC 3327 §4: Path values are loose routes, since they become the Route set of what is sent to the phone.
  if (uriParam(first.uri, 'lr') === undefined) return new Fault(400, 'Path Without lr');
  const stored = joined(uris);
  if (stored.length > rules.maxPathLen) return new Fault(400, 'Path Too Long');
  return withSupport(request, rules, stored, uris);
}

function withSupport(
  request: SipRequest,
  rules: PathRules,
  stored: string,
  uris: readonly PathUri[],
): PathFacts | Fault {
  // Who requires an extension understands it.
  const supported = request.hasOption('supported', 'path') || request.hasOption('require', 'path');
  if (rules.pathMode === 'strict' && !supported) {
    return new Fault(420, 'Bad Extension', [
      ['Unsupported', 'path'],
      ['Path', stored],
      ['P-Registrar-Error', 'The phone does not support Path'],
    ]);
  }
  const received = rules.pathReceived ? receivedOf(uris) : '';
  if (received instanceof Fault) return received;
  return { stored, echoed: supported && rules.pathMode !== 'off' ? stored : '', received };
}

function joined(uris: readonly PathUri[]): string {
  let text = '';
  for (const uri of uris) text = text === '' ? uri.text : `${text},${uri.text}`;
  return text;
}

/** A proxy that receives and sends on two sockets writes two Path values, both with `r2`; the outer one is the second then. */
function receivedOf(uris: readonly PathUri[]): string | Fault {
  const first = uris[0];
  const teller = first !== undefined && uriParam(first.uri, 'r2') !== undefined ? uris[1] : first;
  const escaped = teller === undefined ? undefined : uriParam(teller.uri, 'received');
  if (escaped === undefined || escaped === '') return '';
  const received = unescape(escaped);
  return isUsableReceived(received) ? received : new Fault(400, 'Bad received In Path');
}

/** `received` becomes a next hop, and is printed between quotes: it must be a SIP URI of bounded length. */
export function isUsableReceived(text: string): boolean {
  if (text.length > RECEIVED_LEN_MAX) return false;
  const uri = parseUri(text);
  return !(uri instanceof Fault) && (uri.scheme === 'sip' || uri.scheme === 'sips');
}
