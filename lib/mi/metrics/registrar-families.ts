import { samplesBy, type Family } from './family.ts';
import { refusalSamples } from './refusal-samples.ts';

/** What phones ask for and what comes of it. */
export const REGISTRAR_FAMILIES: readonly Family[] = [
  {
    kind: 'counter',
    name: 'twinreg_register_requests_total',
    help: 'REGISTER requests by outcome: stored (bindings written or removed), query (no Contact), retransmission (answered again, nothing written), rejected. Requests that are no valid SIP are not among them.',
    labels: ['outcome'],
    read(sources) {
      const { outcomes, rejected_regs: rejected } = sources.registrar();
      return samplesBy('outcome', { ...outcomes, rejected });
    },
  },
  {
    kind: 'counter',
    name: 'twinreg_register_refusals_total',
    help: 'Rejected REGISTER requests by the status and reason that the phone was told.',
    labels: ['status', 'reason'],
    read: (sources) => refusalSamples(sources.registrar().refusals),
  },
  {
    kind: 'gauge',
    name: 'twinreg_register_last_accepted_timestamp_seconds',
    help: 'When a REGISTER was last accepted, in seconds since 1970; 0 = not since the start.',
    read: (sources) => sources.registrar().lastAcceptedMs / 1000,
  },
  {
    kind: 'counter',
    name: 'twinreg_contact_collisions_total',
    help: 'Live bindings that a REGISTER of another Call-ID from another place took over: two phones behind two NATs with one private contact address, or one phone behind a new NAT binding.',
    read: (sources) => sources.registrar().contact_collisions,
  },
  {
    kind: 'gauge',
    name: 'twinreg_users',
    help: 'Addresses of record that have a valid contact.',
    read: (sources) => sources.location().users,
  },
  {
    kind: 'gauge',
    name: 'twinreg_contacts',
    help: 'Valid contacts.',
    read: (sources) => sources.location().contacts,
  },
  {
    kind: 'counter',
    name: 'twinreg_expired_contacts_total',
    help: 'Contacts that were not refreshed before their time was over.',
    read: (sources) => sources.location().expires,
  },
  {
    kind: 'gauge',
    name: 'twinreg_records',
    help: 'Records in memory: valid contacts, and what is kept of removed and expired ones so that they do not come back.',
    read: (sources) => sources.location().records,
  },
  {
    kind: 'gauge',
    name: 'twinreg_dead_records',
    help: 'Of the records those of removed and expired contacts; they go within minutes, or after a day without disk.',
    read: (sources) => sources.location().deadRecords,
  },
  {
    kind: 'gauge',
    name: 'twinreg_table_bytes',
    help: 'Memory that the location table has taken for bindings, used or free.',
    read: (sources) => sources.tableBytes(),
  },
];
