import type { SipReply } from './engine.ts';
import { Fault } from './fault.ts';
import { headerParam } from './header-param.ts';
import { ParamCursor } from './param-cursor.ts';
import type { SipRequest } from './request.ts';
import type { Via } from './via.ts';

/** What the server adds to the topmost Via (RFC 3261 §18.2.1, RFC 3581 §4). */
export interface ViaStamp {
  /** Source address, IPv6 without brackets; undefined = add none. */
  readonly received: string | undefined;
  /** Source port; undefined = add none. */
  readonly rport: number | undefined;
}

/**
 * The whole reply as a byte string (RFC 3261 §8.2.6.2): all Via rows in order, the topmost stamped; From, To with
 * `toTag` unless it has a tag; Call-ID and CSeq as they came, folded ones on one line; then the reply's own headers.
 * A header that a malformed request lacks is left out. There is never a body.
 *
 * @param server value of the Server header, '' for none
 */
export function serialiseReply(
  request: SipRequest,
  reply: SipReply,
  via: ViaStamp,
  toTag: string,
  server = '',
): string {
  let text = 'SIP/2.0 ' + String(reply.status) + ' ' + reply.reason;
  text += viaRows(request, via);
  text += row('\r\nFrom: ', request.header('from'));
  text += row('\r\nTo: ', request.header('to')) + missingTag(request, toTag);
  text += row('\r\nCall-ID: ', request.header('call-id'));
  text += row('\r\nCSeq: ', request.header('cseq'));
  for (const header of reply.headers) text += '\r\n' + header[0] + ': ' + header[1];
  if (server !== '') text += '\r\nServer: ' + server;
  return text + '\r\nContent-Length: 0\r\n\r\n';
}

function row(title: string, value: string | undefined): string {
  return value === undefined ? '' : title + value;
}

function missingTag(request: SipRequest, toTag: string): string {
  const to = request.to();
  if (to instanceof Fault) return request.header('to') === undefined ? '' : ';tag=' + toTag;
  return to.params !== '' && headerParam(to.params, 'tag') !== undefined ? '' : ';tag=' + toTag;
}

function viaRows(request: SipRequest, stamp: ViaStamp): string {
  const rows = request.headers('via');
  let text = '';
  for (let at = 0; at < rows.length; at++) {
    const value = rows[at] ?? '';
    text += '\r\nVia: ' + (at === 0 ? stampedRow(request, value, stamp) : value);
  }
  return text;
}

function stampedRow(request: SipRequest, value: string, stamp: ViaStamp): string {
  const via = request.topVia();
  if (via instanceof Fault) return value;
  const behind = value.substring(via.length);
  const sentBy = value.substring(0, via.length - via.params.length);
  return sentBy + stampedParams(via, stamp) + behind;
}

/** The parameters in their order; `received` and `rport` that the sender wrote are ours to say. */
function stampedParams(via: Via, stamp: ViaStamp): string {
  const params = via.params;
  const cursor = new ParamCursor(params, 0, params.length);
  let text = '';
  let from = 0;
  let start = 0;
  while (cursor.next()) {
    const isOurs =
      (stamp.rport !== undefined && cursor.isNamed('rport')) ||
      (stamp.received !== undefined && cursor.isNamed('received'));
    if (isOurs) {
      text += params.substring(from, start);
      from = cursor.at;
    }
    start = cursor.at;
  }
  text += params.substring(from);
  if (stamp.received !== undefined) text += ';received=' + stamp.received;
  if (stamp.rport !== undefined) text += ';rport=' + String(stamp.rport);
  return text;
}
