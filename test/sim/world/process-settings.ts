import type { Log } from '../../../lib/core/log.ts';
import type { LocationSettings } from '../../../lib/location/location-table.ts';
import { ContactComparer } from '../../../lib/registrar/contact-comparer.ts';
import type { RegistrarSettings } from '../../../lib/registrar/settings.ts';
import type { ReplicatorSettings } from '../../../lib/replication/replicator-types.ts';
import { settingsWith } from '../../registrar/support/registrar-settings.ts';
import type { Climate } from '../history/plan.ts';

export const MAX_EXPIRES_S = 86_400;

const ignore = (): void => undefined;

export const SILENT: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export function tableSettings(nodeId: number, incarnation: number, { maxContacts }: Climate): LocationSettings {
  return {
    nodeId,
    incarnation,
    maxContacts,
    descTimeOrder: false,
    recordsPerAorMax: 64,
    aorsMax: 4096,
    sameContact: new ContactComparer().isSame,
  };
}

/** With a limit, the least recently refreshed contact makes room. */
export function registrarSettings({ maxContacts }: Climate): RegistrarSettings {
  return settingsWith({
    contacts: { maxContacts },
    expiry: { minExpiresS: 1, maxExpiresS: MAX_EXPIRES_S },
    save: maxContacts > 0 ? 'f' : '',
  });
}

/** Times are short, so that histories are. */
export function replicatorSettings(
  nodeId: number,
  incarnation: number,
  { maxContacts, logBytesMax, seed }: Climate,
): ReplicatorSettings {
  return {
    clusterId: 1,
    nodeId,
    incarnation,
    secrets: ['shared'],
    keyRules: { matchingMode: 0, useDomain: true, caseSensitive: true, realmPrefix: '', maxContacts },
    listeners: [],
    commit: 'twin',
    commitTimeoutMs: 400,
    pingIntervalMs: 1000,
    pingTimeoutMs: 400,
    nodeTimeoutMs: 3000,
    isSeed: (seed === 'A' ? 1 : 2) === nodeId,
    seedFallbackMs: 4000,
    logBytesMax,
    digestIntervalMs: 0,
  };
}
