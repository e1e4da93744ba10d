import { METHODS_UNKNOWN, Q_UNSPECIFIED, type Binding, type PutRecord } from '../../lib/location/record.ts';
import type { Bindings, ShownBinding } from '../../lib/mi/commands/bindings.ts';

export const NOW_MS = 1_800_000_000_000;

const BINDING: Binding = {
  q: Q_UNSPECIFIED,
  received: '',
  path: '',
  instance: '',
  userAgent: 'baresip v1.0.0',
  socket: '',
  methods: METHODS_UNKNOWN,
  flags: 0,
  cflags: '',
  attr: '',
};

type Fields = Partial<Omit<PutRecord, 'binding'>> & { readonly binding?: Partial<Binding> };

/** A binding as the `ul_*` commands get it, an ordinary one but for the fields given. */
export function shownBinding({ binding, ...fields }: Fields = {}): ShownBinding {
  const record: PutRecord = {
    kind: 'put',
    key: 'sip:alice@192.0.2.1',
    version: { ms: NOW_MS, counter: 0, nodeId: 1, incarnation: 1 },
    sticky: false,
    contactUri: 'sip:alice@192.0.2.1:5060',
    callId: 'call-1',
    cseq: 7,
    expiresAtMs: NOW_MS + 60_000,
    ...fields,
    binding: { ...BINDING, ...binding },
  };
  return { record, contactId: '42', state: 'CS_SYNC' };
}

/** Bindings that do not change. */
export function fixedBindings(byAor: ReadonlyMap<string, readonly ShownBinding[]>): Bindings {
  const find = (aor: string) => ({ aor, shown: byAor.get(aor) ?? [], nowMs: NOW_MS });
  return { find, all: () => [...byAor.keys()].map(find) };
}
