import { canonicalDomain } from '../../registrar/address-of-record.ts';
import { lowerCase } from '../../sip/octets.ts';
import { unescape } from '../../sip/unescape.ts';
import { byteString } from '../display-text.ts';
import { miError, type MiError } from '../mi-command.ts';
import { TABLE_NAME, type AorBindings, type AorSettings, type Bindings } from './bindings.ts';

/** The two parameters that say which AoR of which table is meant. */
export const AOR_PARAMS = [
  { name: 'table_name', type: 'string' },
  { name: 'aor', type: 'string' },
] as const;

interface AorValues {
  readonly table_name: string;
  readonly aor: string;
}

/**
 * The AoR that an operator means, with what it shows; or why there can be none. It may be written as `ul_dump` shows it or
 * as a SIP URI has it, with escapes in its user part. Where the two differ, the one that has bindings is meant.
 */
export function findAor(values: AorValues, bindings: Bindings, settings: AorSettings): AorBindings | MiError {
  if (values.table_name !== TABLE_NAME) return miError(404, 'Table not found');
  const { user, domain } = partsOf(byteString(values.aor), settings.useDomain);
  if (domain === '' && settings.useDomain) return miError(400, 'Domain missing in AOR');
  const found = bindings.find(tableKey(user, domain, settings));
  const plain = unescape(user);
  if (plain === user || found.shown.length > 0) return found;
  return bindings.find(tableKey(plain, domain, settings));
}

/** The same for commands that have nothing to do without a binding. */
export function knownAor(values: AorValues, bindings: Bindings, settings: AorSettings): AorBindings | MiError {
  const found = findAor(values, bindings, settings);
  return 'shown' in found && found.shown.length === 0 ? miError(404, 'AOR not found') : found;
}

export function isError(found: AorBindings | MiError): found is MiError {
  return 'kind' in found;
}

/** A user part may hold an `@` when its escape was undone, a domain never does. */
function partsOf(aor: string, useDomain: boolean): { readonly user: string; readonly domain: string } {
  const at = aor.lastIndexOf('@');
  if (at === -1) return { user: aor, domain: '' };
  return { user: aor.slice(0, at), domain: useDomain ? aor.slice(at + 1) : '' };
}

/** As the registrar makes the key. */
function tableKey(user: string, domain: string, { useDomain, caseSensitive, realmPrefix }: AorSettings): string {
  const key = useDomain ? `${user}@${canonicalDomain(lowerCase(domain), realmPrefix)}` : user;
  return caseSensitive ? key : lowerCase(key);
}
