import type { PutRecord } from '../location/record.ts';
import { Fault } from '../sip/fault.ts';
import type { WantedContact } from './change-set.ts';
import { quotable } from './reply-builder.ts';

/** Beside the Contacts: status line, Date, the longest Server, and the names of what else a 200 may have. */
const FIXED_BYTES = 220;
/** Of a listed contact beside its texts, with the longest q and expires, and the comma before it. */
const CONTACT_BYTES = ', <>;q=0.999;expires=4294967295'.length;
const RECEIVED_BYTES = ';received=""'.length;
const INSTANCE_BYTES = ';+sip.instance=""'.length;

/** So many contacts have room in a reply however long their texts are, at least with limits as they are configured by default. */
export const ALWAYS_FITTING = 4;

const NO_ROOM = new Fault(503, 'Service Unavailable', [
  ['P-Registrar-Error', 'More contacts than one reply through drachtio-server has room for'],
]);

/**
 * Refuses what would add a contact to more than a reply can list, where the engine's replies have a limit. Refreshes and removals pass: who is bound
 * must be able to stay and to go.
 *
 * @param live the view before the request @param others octets of the reply's other headers
 */
export function replyRoomFault(
  wanted: readonly WantedContact[],
  live: readonly PutRecord[],
  others: number,
  bytesMax: number,
): Fault | undefined {
  if (live.length + wanted.length <= ALWAYS_FITTING) return undefined;
  const bound = new Set(live.map(({ key }) => key));
  const replaced = new Set(
    wanted.flatMap(({ match, contact }) => [contact.key, ...match.others.map(({ key }) => key)]),
  );
  if (wanted.every(({ contact, match, isRemoval }) => isRemoval || bound.has(contact.key) || match.others.length > 0)) {
    return undefined;
  }
  let bytes = FIXED_BYTES + others;
  for (const { key, contactUri, binding } of live) {
    if (!replaced.has(key)) bytes += listedBytes(contactUri, binding.received, binding.instance);
  }
  for (const { contact, isRemoval } of wanted) {
    if (!isRemoval) bytes += listedBytes(contact.uri.text, contact.received, contact.instance);
  }
  return bytes > bytesMax ? NO_ROOM : undefined;
}

function listedBytes(contactUri: string, received: string, instance: string): number {
  let bytes = CONTACT_BYTES + contactUri.length;
  if (received !== '') bytes += RECEIVED_BYTES + quotable(received).length;
  if (instance !== '') bytes += INSTANCE_BYTES + quotable(instance).length;
  return bytes;
}
