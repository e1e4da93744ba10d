import { DEGRADATIONS } from '../commands/status.ts';
import type { Family } from './family.ts';

/** The node as a whole. */
export const NODE_FAMILIES: readonly Family[] = [
  {
    kind: 'gauge',
    name: 'twinreg_build_info',
    help: 'Always 1; the labels say what runs.',
    labels: ['version'],
    read: ({ version }) => [[{ version }, 1]],
  },
  {
    kind: 'gauge',
    name: 'twinreg_ready',
    help: '1 when this node could serve phones if their traffic came to it, as /ready says.',
    read: (sources) => Number(sources.readiness().unready.length === 0),
  },
  {
    kind: 'gauge',
    name: 'twinreg_degraded',
    help: '1 for each reason for which this node is not all that it should be, while it serves.',
    labels: ['reason'],
    read(sources) {
      const { degraded } = sources.readiness();
      return DEGRADATIONS.map((reason) => [{ reason }, Number(degraded.includes(reason))]);
    },
  },
  {
    kind: 'gauge',
    name: 'twinreg_active',
    help: '1 when this node is the active one, which pings: it holds the address, its pinging is enabled (nh_enable_ping), and it does not yield.',
    read: (sources) => Number(sources.isActive()),
  },
  {
    kind: 'gauge',
    name: 'twinreg_yielding',
    help: '1 when the pinging of this node is enabled, and the other node pings all the same, since it was enabled there later.',
    read: (sources) => Number(sources.isYielding()),
  },
  {
    kind: 'gauge',
    name: 'twinreg_address_here',
    help: '1 when the address that SIP is served at is on this node. A node without it is passive, whatever nh_enable_ping says.',
    read: (sources) => Number(sources.isAddressHere()),
  },
  {
    kind: 'gauge',
    name: 'twinreg_both_active',
    help: '1 while this node knows that the other one is active too, for longer than the address takes to move: both have it, and pinging is enabled on both.',
    read: (sources) => Number(sources.isSplitBrain()),
  },
  {
    kind: 'counter',
    name: 'twinreg_both_active_total',
    help: 'How often both nodes became active at once (see twinreg_both_active).',
    read: (sources) => sources.splitBrains(),
  },
  {
    kind: 'counter',
    name: 'twinreg_stalls_total',
    help: 'How often the process stood still (stopped, paused, swapped out) so long that requests which queued up meanwhile were not served.',
    read: (sources) => sources.engine().stalls,
  },
  {
    kind: 'gauge',
    name: 'twinreg_event_loop_delay_seconds',
    help: 'How late the process came to its work over about the last minute, by stat: percentiles, and max, the longest. Phones wait this long more.',
    labels: ['stat'],
    read(sources) {
      const { p50Ms, p90Ms, p99Ms, maxMs } = sources.eventLoopDelay();
      return [
        [{ stat: 'p50' }, p50Ms / 1000],
        [{ stat: 'p90' }, p90Ms / 1000],
        [{ stat: 'p99' }, p99Ms / 1000],
        [{ stat: 'max' }, maxMs / 1000],
      ];
    },
  },
];
