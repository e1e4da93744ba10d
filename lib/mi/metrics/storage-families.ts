import type { Family } from './family.ts';

/** The disk. Without one these families are empty. */
export const STORAGE_FAMILIES: readonly Family[] = [
  {
    kind: 'gauge',
    name: 'twinreg_storage_degraded',
    help: '1 while the disk does not take what phones are told: registrations go on, and would not survive a crash.',
    read: (sources) => flag(sources.storage()?.disk.state, 'degraded'),
  },
  {
    kind: 'gauge',
    name: 'twinreg_storage_pending_changes',
    help: 'Changes that are not on disk yet.',
    read: (sources) => sources.storage()?.pending,
  },
  {
    kind: 'gauge',
    name: 'twinreg_storage_lag_seconds',
    help: 'How long the oldest change that is not on disk has been waiting; 0 = there is none.',
    read: (sources) => inSeconds(sources.storage()?.lagMs),
  },
  {
    kind: 'gauge',
    name: 'twinreg_storage_last_flush_timestamp_seconds',
    help: 'When the disk last took a flush, in seconds since 1970; 0 = not since the start.',
    read: (sources) => inSeconds(sources.storage()?.lastFlushMs),
  },
  {
    kind: 'counter',
    name: 'twinreg_storage_flushes_total',
    help: 'Flushes on disk over the life of the file; each is one transaction.',
    read: (sources) => sources.storage()?.durableSeq,
  },
  {
    kind: 'gauge',
    name: 'twinreg_storage_journal_bytes',
    help: 'Size of the journal in the database file; it shrinks as its changes are merged into rows.',
    read: (sources) => sources.storage()?.journalBytes,
  },
  {
    kind: 'gauge',
    name: 'twinreg_storage_records_behind',
    help: 'Records whose rows, and so the view location, are older than the journal.',
    read: (sources) => sources.storage()?.recordsBehind,
  },
];

function flag(state: string | undefined, on: string): number | undefined {
  return state === undefined ? undefined : Number(state === on);
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
