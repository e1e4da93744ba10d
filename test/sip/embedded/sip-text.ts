/** A request as a phone would send it; `rows` stand before Content-Length. */
export interface RequestText {
  readonly method?: string;
  readonly uri?: string;
  readonly via?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly rows?: readonly string[];
  readonly body?: string;
}

export function requestText(request: RequestText = {}): string {
  const { method = 'REGISTER', uri = 'sip:example.com', callId = 'call-1', cseq = 1, rows = [], body = '' } = request;
  const via = request.via ?? 'SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-1;rport';
  return (
    `${method} ${uri} SIP/2.0\r\nVia: ${via}\r\nFrom: <sip:alice@example.com>;tag=from-1\r\n` +
    `To: <sip:alice@example.com>\r\nCall-ID: ${callId}\r\nCSeq: ${String(cseq)} ${method}\r\n` +
    `Max-Forwards: 70\r\n${rows.map((row) => `${row}\r\n`).join('')}Content-Length: ${String(body.length)}\r\n\r\n${body}`
  );
}

export function statusOf(reply: string): number {
  return Number(/^SIP\/2\.0 (\d{3}) /.exec(reply)?.[1]);
}

/** The first header of this name, as it stands in a reply. */
export function headerOf(reply: string, name: string): string | undefined {
  const row = reply.split('\r\n').find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return row?.slice(name.length + 1).trim();
}
