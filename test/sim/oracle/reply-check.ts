import type { PutRecord } from '../../../lib/location/record.ts';
import type { SipReply } from '../../../lib/sip/engine.ts';
import { printQ } from '../../../lib/registrar/q-value.ts';
import { MAX_EXPIRES_S } from '../world/process-settings.ts';

/** What is wrong with an answer that should show exactly these bindings as of that moment; undefined: nothing. */
export function replyFault(reply: SipReply, shown: readonly PutRecord[], atMs: number): string | undefined {
  if (reply.status !== 200)
    return REFUSALS.has(reply.status) ? undefined : `an answer ${String(reply.status)} that nobody expects`;
  const listing = reply.headers.find(([name]) => name === 'Contact')?.[1] ?? '';
  const expected = shown
    .map((record) => `<${record.contactUri}>${quality(record)};expires=${remaining(record, atMs)}`)
    .join(', ');
  return listing === expected ? undefined : `it lists "${listing}", the table showed "${expected}"`;
}

/** Invalid CSeq, and no room. */
const REFUSALS: ReadonlySet<number> = new Set([400, 503]);

function remaining({ expiresAtMs }: PutRecord, atMs: number): string {
  return String(expiresAtMs === Number.POSITIVE_INFINITY ? MAX_EXPIRES_S : Math.ceil((expiresAtMs - atMs) / 1000));
}

function quality({ binding }: PutRecord): string {
  const q = printQ(binding.q);
  return q === '' ? '' : `;q=${q}`;
}
