import { samplesBy, type Family } from './family.ts';

/** Keeping NAT bindings open, and noticing phones that are gone. */
export const PING_FAMILIES: readonly Family[] = [
  {
    kind: 'counter',
    name: 'twinreg_pings_sent_total',
    help: 'NAT pings sent to contacts, by kind: options asks for an answer, keep_alive for none.',
    labels: ['kind'],
    read(sources) {
      const pings = sources.pings();
      return samplesBy('kind', { options: pings.optionsSent, keep_alive: pings.keepAlivesSent });
    },
  },
  {
    kind: 'counter',
    name: 'twinreg_pings_answered_total',
    help: 'NAT pings that were answered in time.',
    read: (sources) => sources.pings().answered,
  },
  {
    kind: 'counter',
    name: 'twinreg_pings_lost_total',
    help: 'NAT pings that were not answered within ping_threshold.',
    read: (sources) => sources.pings().lost,
  },
  {
    kind: 'counter',
    name: 'twinreg_ping_removals_total',
    help: 'Contacts removed because max_pings_lost pings in a row were lost.',
    read: (sources) => sources.pings().removed,
  },
  {
    kind: 'counter',
    name: 'twinreg_ping_hidings_total',
    help: 'Contacts hidden on this node alone because max_pings_lost pings in a row were lost while the other node was not in sync; they are shown again when it is, or when they answer.',
    read: (sources) => sources.pings().hidden,
  },
  {
    kind: 'counter',
    name: 'twinreg_ping_replies_unused_total',
    help: 'Replies to NAT pings that were no sign of life: ignored (sipping_ignore_rpl_codes), or stray (late, repeated, forged).',
    labels: ['reason'],
    read(sources) {
      const pings = sources.pings();
      return samplesBy('reason', { ignored: pings.ignoredReplies, stray: pings.strayReplies });
    },
  },
  {
    kind: 'counter',
    name: 'twinreg_pings_skipped_total',
    help: 'NAT pings that were due and not sent, by reason.',
    labels: ['reason'],
    read: (sources) => samplesBy('reason', sources.pings().skipped),
  },
  {
    kind: 'gauge',
    name: 'twinreg_pings_outstanding',
    help: 'NAT pings that are neither answered nor lost yet.',
    read: (sources) => sources.pings().unanswered,
  },
  {
    kind: 'gauge',
    name: 'twinreg_ping_contacts',
    help: 'Contacts that are pinged.',
    read: (sources) => sources.pings().enrolled,
  },
  {
    kind: 'gauge',
    name: 'twinreg_ping_guard_active',
    help: '1 while so many pings are lost at once that the network of this node is suspected, and no contact is removed.',
    read: (sources) => Number(sources.pings().guardActive),
  },
  {
    kind: 'gauge',
    name: 'twinreg_ping_schedule_lag_seconds',
    help: 'How far the pinger is behind its schedule.',
    read: (sources) => sources.pings().lagMs / 1000,
  },
];
