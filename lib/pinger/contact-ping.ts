import type { Binding, PutRecord } from '../location/record.ts';
import type { NextHop } from '../sip/engine.ts';
import { NameAddrScanner } from '../sip/name-addr.ts';
import { nextHop } from '../sip/next-hop.ts';
import { addressKind } from './ping-address.ts';
import type { PingerSettings } from './settings.ts';

/**
 * How a contact is to be pinged. `unreadable`: nobody knows where it is, or nothing may be sent there. `unresolved`: it gives a
 * name instead of an address.
 */
export type ContactPing =
  | { readonly kind: 'options' | 'keep-alive'; readonly hop: NextHop }
  | { readonly kind: 'none' | 'unreadable' | 'unresolved' };

/** Whether a request to there would come back to this node. */
export type OwnAddressTest = (hop: NextHop) => boolean;

const NONE: ContactPing = { kind: 'none' };
const UNREADABLE: ContactPing = { kind: 'unreadable' };
const UNRESOLVED: ContactPing = { kind: 'unresolved' };

/**
 * As nathelper decides it: branch flags say whether and how, Path, `received` and Contact say where. A name is looked up only
 * when it stands in Path, which a proxy writes: any phone could keep us asking for names otherwise.
 */
export function contactPing(
  { contactUri, binding }: PutRecord,
  settings: PingerSettings,
  isOwnAddress: OwnAddressTest,
): ContactPing {
  if (settings.requiredFlag !== '' && !hasFlag(binding, settings.requiredFlag)) return NONE;
  const hop = hopTo(contactUri, binding);
  if (hop === undefined) return UNREADABLE;
  if (hop.transport !== 'udp' && !settings.pingsConnections) return NONE;
  const address = addressKind(hop.host);
  if (address === 'unusable' || isOwnAddress(hop)) return UNREADABLE;
  if (address === 'name' && binding.path === '') return UNRESOLVED;
  return { kind: hasFlag(binding, settings.optionsFlag) ? 'options' : 'keep-alive', hop };
}

export function hasFlag({ cflags }: Binding, flag: string): boolean {
  return cflags === flag || cflags.split(' ').includes(flag);
}

/** Whether pings go to the same place, by the same way: else what was lost on the old one says nothing about the new one. */
export function isSamePlace(a: PutRecord, b: PutRecord): boolean {
  return (
    a.contactUri === b.contactUri &&
    a.binding.received === b.binding.received &&
    a.binding.path === b.binding.path &&
    a.binding.socket === b.binding.socket
  );
}

/** A Path that cannot be read is not passed over: the request carries it as Route, and whoever gets it would be misled. */
function hopTo(contactUri: string, { path, received }: Binding): NextHop | undefined {
  if (path !== '') return firstHop(path);
  return nextHop(received === '' ? contactUri : received);
}

function firstHop(path: string): NextHop | undefined {
  const values = new NameAddrScanner(path, 0, path.length);
  return values.next() === undefined ? nextHop(values.uriText()) : undefined;
}
