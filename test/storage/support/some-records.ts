import type { Binding, PutRecord } from '../../../lib/location/record.ts';

export function someBinding(overrides: Partial<Binding> = {}): Binding {
  return {
    q: -1,
    received: '',
    path: '',
    instance: '',
    userAgent: 'phone/1.0',
    socket: 'udp:127.0.0.1:5060',
    methods: 0xffffffff,
    flags: 0,
    cflags: '',
    attr: '',
    ...overrides,
  };
}

/** A binding of `user`, written at `ms`. */
export function somePut(user: string, ms: number, overrides: Partial<PutRecord> = {}): PutRecord {
  return {
    kind: 'put',
    key: `sip:${user}@127.0.0.9:5062`,
    contactUri: `sip:${user}@127.0.0.9:5062`,
    version: { ms, counter: 0, nodeId: 1, incarnation: 7 },
    sticky: false,
    callId: `${user}-call@127.0.0.9`,
    cseq: 1,
    expiresAtMs: ms + 3_600_000,
    binding: someBinding(),
    ...overrides,
  };
}
