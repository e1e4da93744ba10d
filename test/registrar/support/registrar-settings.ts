import { Q_UNSPECIFIED } from '../../../lib/location/record.ts';
import { NO_SAVE_FLAGS, parseSaveFlags, type SaveFlags } from '../../../lib/registrar/save-flags.ts';
import type {
  AddressOfRecordSettings,
  ContactSettings,
  ExpirySettings,
  NatSettings,
  RegistrarSettings,
} from '../../../lib/registrar/settings.ts';

/** What a test changes in the defaults; `save` in the form that an operator writes. */
export interface SettingsChanges extends Partial<Omit<RegistrarSettings, 'save' | keyof Groups>> {
  readonly addressOfRecord?: Partial<AddressOfRecordSettings>;
  readonly expiry?: Partial<ExpirySettings>;
  readonly contacts?: Partial<ContactSettings>;
  readonly nat?: Partial<NatSettings>;
  readonly save?: string;
}

type Groups = Pick<RegistrarSettings, 'addressOfRecord' | 'expiry' | 'contacts' | 'nat'>;

const DEFAULTS: RegistrarSettings = {
  addressOfRecord: {
    useDomain: true,
    caseSensitive: true,
    realmPrefix: '',
    domains: [],
    maxUsernameLen: 64,
    maxDomainLen: 64,
    maxAorLen: 256,
  },
  expiry: {
    defaultExpiresS: 3600,
    minExpiresS: 60,
    maxExpiresS: 0,
    expiresMaxDeviationS: 0,
    minExpiresPolicy: 'raise',
  },
  contacts: {
    matchingMode: 0,
    cseqDelayMs: 40_000,
    allowDupCseq: false,
    lenientCseq: false,
    maxContacts: 0,
    maxContactLen: 255,
    maxPathLen: 1024,
    defaultQ: Q_UNSPECIFIED,
    receivedParam: 'received',
  },
  nat: { uacTest: 0, fix: 'received', bflag: '' },
  save: NO_SAVE_FLAGS,
  branchFlags: [],
  serviceRoutes: [],
  retryAfterS: 0,
};

export function settingsWith(changes: SettingsChanges): RegistrarSettings {
  return {
    ...DEFAULTS,
    ...changes,
    addressOfRecord: { ...DEFAULTS.addressOfRecord, ...changes.addressOfRecord },
    expiry: { ...DEFAULTS.expiry, ...changes.expiry },
    contacts: { ...DEFAULTS.contacts, ...changes.contacts },
    nat: { ...DEFAULTS.nat, ...changes.nat },
    save: saveFlags(changes.save ?? ''),
  };
}

function saveFlags(text: string): SaveFlags {
  const flags = parseSaveFlags(text);
  if ('badFlag' in flags) throw new Error(`${flags.badFlag} ${flags.problem}`);
  return flags;
}
