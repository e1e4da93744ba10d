import type { AdmissionRules } from './admission.ts';
import { refuseHello, refuseRules, refuseVersions, wrongSecret } from './admission.ts';
import { authFrame, isProved, readAuth } from './auth.ts';
import { FRAME, HEAD_BYTES, TAIL_BYTES } from './frame-type.ts';
import type { Goodbye } from './goodbye.ts';
import { readGoodbye } from './goodbye.ts';
import type { Hello } from './hello.ts';
import { helloFrame, readHello, readHelloVersions } from './hello.ts';
import { ProtocolError } from './protocol-error.ts';
import { WireReader } from './wire-reader.ts';

/** Whoever proved to be the twin, and what its clock says. */
export interface Proved {
  readonly peer: Hello;
  /** The twin's cluster time minus ours, to within half of `roundTripMs`. */
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

export type GreetingOutcome =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'refuse'; readonly goodbye: Goodbye; readonly peer: Hello | undefined }
  | { readonly kind: 'refused'; readonly goodbye: Goodbye }
  | { readonly kind: 'proved'; readonly proved: Proved };

/**
 * A connection until each end knows who the other one is: hello, then a proof of the secret over both hellos, each once
 * in each direction. Nothing of the other end is believed before its proof, and its refusals are no more than words.
 */
export class Greeting {
  readonly ownHello: Hello;
  readonly #rules: AdmissionRules;
  readonly #secrets: readonly string[];
  readonly #helloBytes: Buffer;
  #theirHello: { readonly hello: Hello; readonly body: Buffer } | undefined;

  constructor(ownHello: Hello, rules: AdmissionRules, secrets: readonly string[]) {
    this.ownHello = ownHello;
    this.#rules = rules;
    this.#secrets = secrets;
    this.#helloBytes = helloFrame(ownHello);
  }

  /** The first frame to send. */
  hello(): Buffer {
    return this.#helloBytes;
  }

  /**
   * @param clusterMs present cluster time; it must not have been shifted since the hello was made
   */
  take(type: number, body: Buffer, clusterMs: number): GreetingOutcome {
    if (type === FRAME.goodbye) return { kind: 'refused', goodbye: readGoodbye(new WireReader(body)) };
    if (type === FRAME.hello && this.#theirHello === undefined) return this.#takeHello(body, clusterMs);
    if (type === FRAME.auth && this.#theirHello !== undefined) {
      return this.#takeAuth(body, this.#theirHello.hello, this.#theirHello.body, clusterMs);
    }
    throw new ProtocolError('frame-unexpected', `a frame of type ${type} during the greeting`);
  }

  #takeHello(bytes: Buffer, clusterMs: number): GreetingOutcome {
    const body = Buffer.from(bytes);
    const reader = new WireReader(body);
    const versions = readHelloVersions(reader);
    const tooOld = refuseVersions(versions);
    if (tooOld !== undefined) return { kind: 'refuse', goodbye: tooOld, peer: undefined };
    const hello = readHello(versions, reader);
    const goodbye = refuseHello(hello, this.#rules);
    if (goodbye !== undefined) return { kind: 'refuse', goodbye, peer: hello };
    this.#theirHello = { hello, body };
    const times = { helloReceivedAtMs: clusterMs, sentAtMs: clusterMs };
    return { kind: 'send', bytes: authFrame(this.#secrets, this.#ownBody, body, times) };
  }

  #takeAuth(body: Buffer, peer: Hello, theirBody: Buffer, clusterMs: number): GreetingOutcome {
    const auth = readAuth(new WireReader(body));
    if (!isProved(auth, this.#secrets, theirBody, this.#ownBody))
      return { kind: 'refuse', goodbye: wrongSecret(this.#rules, peer), peer };
    const goodbye = refuseRules(peer, this.#rules);
    if (goodbye !== undefined) return { kind: 'refuse', goodbye, peer };
    const { helloReceivedAtMs, sentAtMs } = auth.times;
    const thereMs = helloReceivedAtMs - this.ownHello.clockMs;
    const backMs = sentAtMs - clusterMs;
    const offsetMs = Math.round((thereMs + backMs) / 2);
    return { kind: 'proved', proved: { peer, offsetMs, roundTripMs: Math.max(0, thereMs - backMs) } };
  }

  get #ownBody(): Buffer {
    return this.#helloBytes.subarray(HEAD_BYTES, this.#helloBytes.length - TAIL_BYTES);
  }
}
