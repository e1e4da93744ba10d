import { createHmac, timingSafeEqual } from 'node:crypto';
import { FRAME } from './frame-type.ts';
import { frame } from './frames.ts';
import { ProtocolError } from './protocol-error.ts';
import type { WireReader } from './wire-reader.ts';

/** When the other end's hello came and when this frame left, by the sender's cluster time: with the hellos' own times that gives both ends the offset of their clocks. */
export interface AuthTimes {
  readonly helloReceivedAtMs: number;
  readonly sentAtMs: number;
}

export interface AuthFrame {
  readonly times: AuthTimes;
  /** A proof for each secret that the sender has; none without a secret. */
  readonly proofs: readonly Buffer[];
}

/** A node may have two secrets, so that one can be rotated. */
const SECRETS_MAX = 2;
const PROOF_BYTES = 32;
const CONTEXT = 'twinreg replication 1';

/**
 * That the sender of `sentHello` knows the secret and has just seen `receivedHello`: HMAC-SHA-256 over both bodies in
 * this order, each behind its length, and the times. The nonces in them make it worthless for any other connection, the order for the other end.
 */
function proof(secret: string, sentHello: Buffer, receivedHello: Buffer, times: AuthTimes): Buffer {
  const stamp = Buffer.alloc(12);
  stamp.writeUIntBE(times.helloReceivedAtMs, 0, 6);
  stamp.writeUIntBE(times.sentAtMs, 6, 6);
  const hmac = createHmac('sha256', secret).update(CONTEXT);
  for (const hello of [sentHello, receivedHello]) hmac.update(lengthOf(hello)).update(hello);
  return hmac.update(stamp).digest();
}

/** Before each body, since a later version's may be longer: where one ends is part of what is proved. */
function lengthOf(body: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return length;
}

/** @param sentHello body of the hello that the one who proves has sent; `receivedHello` of the one that it got */
export function authFrame(
  secrets: readonly string[],
  sentHello: Buffer,
  receivedHello: Buffer,
  times: AuthTimes,
): Buffer {
  return frame(FRAME.auth, (out) => {
    out.u48(times.helloReceivedAtMs);
    out.u48(times.sentAtMs);
    out.u8(secrets.length);
    for (const secret of secrets) out.octets(proof(secret, sentHello, receivedHello, times));
  });
}

export function readAuth(reader: WireReader): AuthFrame {
  const times = { helloReceivedAtMs: reader.u48(), sentAtMs: reader.u48() };
  const count = reader.u8();
  if (count > SECRETS_MAX) throw new ProtocolError('frame-malformed', `${count} proofs`);
  const proofs = Array.from({ length: count }, () => Buffer.from(reader.octets(PROOF_BYTES)));
  reader.end();
  return { times, proofs };
}

/** Whether one of the proofs is by one of the secrets. Without a secret there is nothing to prove. */
export function isProved(
  { times, proofs }: AuthFrame,
  secrets: readonly string[],
  sentHello: Buffer,
  receivedHello: Buffer,
): boolean {
  if (secrets.length === 0) return proofs.length === 0;
  return secrets.some((secret) => {
    const expected = proof(secret, sentHello, receivedHello, times);
    return proofs.some((found) => timingSafeEqual(found, expected));
  });
}
