/** What a test says of a REGISTER; the rest is the plainest that there is. */
export interface RegisterText {
  /** To URI, default `sip:alice@example.com`. */
  readonly to?: string;
  readonly from?: string;
  /** Request-URI, default the To URI's domain. */
  readonly uri?: string;
  /** Contact rows; none = a query. */
  readonly contact?: string | readonly string[];
  readonly expires?: string | number;
  readonly callId?: string;
  readonly cseq?: number;
  readonly via?: string;
  /** Further rows, whole: `Require: foo`. */
  readonly headers?: readonly string[];
}

export function registerText(request: RegisterText): string {
  const to = request.to ?? 'sip:alice@example.com';
  const contacts = typeof request.contact === 'string' ? [request.contact] : (request.contact ?? []);
  const rows = [
    `REGISTER ${request.uri ?? 'sip:example.com'} SIP/2.0`,
    `Via: ${request.via ?? 'SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-1;rport'}`,
    'Max-Forwards: 70',
    `From: <${request.from ?? to}>;tag=f1`,
    `To: <${to}>`,
    `Call-ID: ${request.callId ?? 'call-1'}`,
    `CSeq: ${String(request.cseq ?? 1)} REGISTER`,
    ...contacts.map((contact) => `Contact: ${contact}`),
    ...(request.expires === undefined ? [] : [`Expires: ${String(request.expires)}`]),
    ...(request.headers ?? []),
    'Content-Length: 0',
  ];
  return rows.join('\r\n') + '\r\n\r\n';
}
