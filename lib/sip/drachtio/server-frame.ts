/** What drachtio-server says. All text is in byte strings. */
export type ServerFrame =
  /** A SIP request that came in, outside of a dialog or inside of one. */
  | {
      readonly kind: 'request';
      readonly transactionId: string;
      readonly source: Endpoint;
      /** The socket that it came in on; without an address where the server does not say. */
      readonly local: Endpoint;
      readonly text: string;
    }
  /** A SIP response to a request of ours. `isOwn`: the server made it itself, nobody sent it. */
  | { readonly kind: 'response'; readonly transactionId: string; readonly isOwn: boolean; readonly text: string }
  /** The answer to the frame with this id. `words` is what follows: of an order to send a request, see `transactionIdOf`. */
  | { readonly kind: 'answer'; readonly id: string; readonly isOk: boolean; readonly words: readonly string[] }
  /** What nobody here has asked for. */
  | { readonly kind: 'other' };

export interface Endpoint {
  /** As the server names it; it calls WebSocket `tcp`. */
  readonly protocol: string;
  /** Without brackets; '' when there is none. */
  readonly address: string;
  readonly port: number;
}

const CR = 13;
const OTHER: ServerFrame = { kind: 'other' };

/** Reads a frame's payload: words between bars on the first line, a SIP message behind it. Takes any octets. */
export function readServerFrame(payload: Buffer): ServerFrame {
  const lineEnd = payload.indexOf(CR);
  const words = payload.latin1Slice(0, lineEnd < 0 ? payload.length : lineEnd).split('|');
  switch (words[1]) {
    case 'sip':
      return words[2] === 'network' && lineEnd >= 0 ? networkFrame(words, payload.latin1Slice(lineEnd + 2)) : OTHER;
    case 'response':
      // That a pong came is all that it says.
      if (words[4] === 'pong') return OTHER;
      return { kind: 'answer', id: words[2] ?? '', isOk: words[3] === 'OK', words: words.slice(4) };
    default:
      return OTHER;
  }
}

/** id, `sip`, `network`, octets, protocol, address, port, time, transaction, dialog, local address, local port. */
function networkFrame(words: readonly string[], text: string): ServerFrame {
  const source = endpoint(words[4], words[5], words[6]);
  const transactionId = words[8] ?? '';
  // A response that nobody sent has no source: the server's timer, a refused connection, no route.
  if (text.startsWith('SIP/')) {
    return { kind: 'response', transactionId, isOwn: source.port === 0 || source.address === '', text };
  }
  return { kind: 'request', transactionId, source, local: endpoint(words[4], words[10], words[11]), text };
}

function endpoint(protocol = '', address = '', port = ''): Endpoint {
  return { protocol, address: withoutBrackets(address), port: Number.parseInt(port, 10) || 0 };
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

/** Of the answer to an order to send a request: application, octets, protocol, address, port, time, transaction. */
export function transactionIdOf(words: readonly string[]): string {
  return words[6] ?? '';
}
