/** One message of the torture tests of RFC 4475 and RFC 5118, written anew from what each one is about. */
export interface TortureCase {
  /** The RFC's own name. */
  readonly name: string;
  /** RFC and section. */
  readonly section: string;
  /** The first word of the message. */
  readonly method: string;
  /** A byte string: one character per octet. */
  readonly message: string;
  /** What the parser alone says: it is a request, a response, or malformed with this status. */
  readonly parsed: 'request' | 'response' | number;
  /** Whether a malformed one can be answered: its topmost Via says where to. */
  readonly isReplyable?: false;
  /** What a registrar that serves REGISTER and OPTIONS may answer. */
  readonly reply: Reply;
  /** What is bound afterwards; nothing else is. */
  readonly bindings: readonly ExpectedBinding[];
  /** What happens on a stream, where it differs from a datagram. */
  readonly onStream?: StreamReaction;
}

export type Reply =
  /** Any final status but 400: the message is valid, however odd. */
  'final' | 'none' | readonly number[];

export interface ExpectedBinding {
  readonly aor: string;
  readonly contactUri: string;
}

export type StreamReaction =
  /** More octets are announced than come: no reply until the server gives up and closes. */
  | 'waits'
  /** Where the message ends cannot be known: the connection is closed, after a 400 where it can be sent. */
  | 'closes'
  /** What follows the message is a second one, and answered too. */
  | 'two messages';

/** Joins lines with CRLF and ends the headers. */
export function message(...lines: readonly string[]): string {
  return lines.join('\r\n') + '\r\n\r\n';
}

/** The same with a body, whose length is put into a last header row. */
export function withBody(lines: readonly string[], body: string): string {
  return message(...lines, `Content-Length: ${String(body.length)}`) + body;
}

export function lines(...text: readonly string[]): string {
  return text.map((line) => line + '\r\n').join('');
}
