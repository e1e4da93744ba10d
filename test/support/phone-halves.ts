import type { Test } from 'tap';
import { RecordingPhones, type PhoneRecord, type RecordingOptions } from './recording-phones.ts';
import type { SipServer } from './sip-client.ts';

/**
 * Recording phones of which one half falls silent at some point, while the other half goes on. A phone that goes on mends by its
 * next REGISTER whatever was lost or revived of its earlier ones; a silent one shows it.
 */
export class PhoneHalves {
  readonly #lasting: RecordingPhones;
  readonly #silent: RecordingPhones;
  #isSilenced = false;

  private constructor(lasting: RecordingPhones, silent: RecordingPhones) {
    this.#lasting = lasting;
    this.#silent = silent;
  }

  static async start(
    t: Test,
    server: SipServer,
    { perSecond = 2000, phones = 2000, first = 0 }: RecordingOptions = {},
  ): Promise<PhoneHalves> {
    const half = { perSecond: perSecond / 2, phones: phones / 2 };
    const lasting = await RecordingPhones.start(t, server, { ...half, first });
    return new PhoneHalves(lasting, await RecordingPhones.start(t, server, { ...half, first: first + half.phones }));
  }

  /** Resolves when so many operations more were answered, of each half its share while both go on. */
  async more(count: number): Promise<void> {
    const going = this.#isSilenced ? [this.#lasting] : [this.#lasting, this.#silent];
    await Promise.all(going.map((half) => half.answers(half.answeredCount + Math.ceil(count / going.length))));
  }

  /** The phones' address moves to another server. */
  moveTo(server: SipServer): void {
    this.#lasting.moveTo(server);
    this.#silent.moveTo(server);
  }

  /** One half sends no more. */
  async silence(): Promise<void> {
    this.#isSilenced = true;
    await this.#silent.stop();
  }

  /** Nobody sends any more. */
  async stop(): Promise<void> {
    await Promise.all([this.#lasting.stop(), this.#silent.stop()]);
  }

  records(): PhoneRecord[] {
    return [...this.#lasting.records(), ...this.#silent.records()];
  }

  get refusals(): readonly string[] {
    return [...this.#lasting.refusals, ...this.#silent.refusals];
  }
}
