import { PERMANENT, Q_UNSPECIFIED, type PutRecord } from '../../location/record.ts';
import { displayText } from '../display-text.ts';
import type { JsonObject } from '../json.ts';
import type { AorBindings, ShownBinding } from './bindings.ts';

/** An AoR with its contacts as `ul_dump` and `ul_show_contact` show it; keys and their order are OpenSIPS's. */
export function aorJson({ aor, shown, nowMs }: AorBindings): JsonObject {
  return { AOR: displayText(aor), Contacts: shown.map((binding) => contactJson(binding, nowMs)) };
}

function contactJson({ record, contactId, state, pingLatencyUs }: ShownBinding, nowMs: number): JsonObject {
  const { binding } = record;
  return {
    Contact: displayText(record.contactUri),
    ContactID: contactId,
    Expires: secondsLeft(record, nowMs),
    Q: qText(binding.q),
    Callid: displayText(record.callId),
    Cseq: record.cseq,
    'User-agent': displayText(binding.userAgent),
    Received: textIfAny(binding.received),
    Path: textIfAny(binding.path),
    State: state,
    Flags: binding.flags,
    Cflags: binding.cflags,
    Socket: textIfAny(binding.socket),
    Methods: binding.methods,
    Attr: textIfAny(binding.attr),
    SIP_instance: textIfAny(binding.instance),
    'Ping-Latency': pingLatencyUs,
  };
}

function textIfAny(bytes: string): string | undefined {
  return bytes === '' ? undefined : displayText(bytes);
}

function secondsLeft(record: PutRecord, nowMs: number): number | string {
  if (record.expiresAtMs === PERMANENT) return 'permanent';
  if (record.expiresAtMs <= nowMs) return 'expired';
  return Math.ceil((record.expiresAtMs - nowMs) / 1000);
}

/** As OpenSIPS's q2str: `1`, `0`, `0.5`; nothing when the Contact gave none. */
function qText(q: number): string {
  return q === Q_UNSPECIFIED ? '' : String(q / 1000);
}
