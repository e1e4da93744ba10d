import type { SipReply } from '../../../lib/sip/engine.ts';

/** A reply as a test asks about it. */
export class Answer {
  readonly reply: SipReply;

  constructor(reply: SipReply) {
    this.reply = reply;
  }

  get status(): number {
    return this.reply.status;
  }

  get reason(): string {
    return this.reply.reason;
  }

  /** All values of a header, in order. */
  headers(name: string): readonly string[] {
    return this.reply.headers.filter(([written]) => written === name).map(([, value]) => value);
  }

  header(name: string): string | undefined {
    return this.headers(name)[0];
  }

  /** The Contact listing, split; the tests' contacts have no comma of their own. */
  get contacts(): readonly string[] {
    const value = this.header('Contact');
    return value === undefined ? [] : value.split(', ');
  }

  /** The URIs of the listing, in its order. */
  get contactUris(): readonly string[] {
    return this.contacts.map((contact) => contact.slice(1, contact.indexOf('>')));
  }

  /** The seconds that the listing gives each URI. */
  get expires(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.contacts.map((contact) => [
        contact.slice(1, contact.indexOf('>')),
        Number(/;expires=(-?\d+)/.exec(contact.slice(contact.indexOf('>')))?.[1]),
      ]),
    );
  }
}
