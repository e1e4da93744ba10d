import * as z from 'zod';
import { keyNotes, sectionNotes, valueNotes } from '../notes.ts';
import { asciiText, yesNo } from '../values.ts';

const PINGING = 'comes with NAT pinging, which is not in this version; remove it';
const NO_SCRIPT = 'there is no script, and so there are no script variables; remove it';
const NO_SDP = 'is about media, which does not pass through a registrar; remove it';

/** A bit mask, or names of tests in a list or separated by commas; the names are the registrar's to know. */
function natTests() {
  const names = z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value),
    z.array(asciiText(32, 'the name of a test')),
  );
  return z.union([z.int().min(0).max(255), names]).register(valueNotes, {
    expected: 'the names of tests, such as [private-contact, diff-ip-src-via], or the sum of their numbers',
  });
}

export const nathelperSection = z
  .strictObject({
    nat_uac_test: natTests()
      .default(['private-contact', 'diff-ip-src-via', 'private-via', 'diff-port-src-via'])
      .register(keyNotes, {
        meaning:
          'A phone is behind NAT when one of these is true: `private-contact` (1), `diff-ip-src-via` (2), `private-via` (4), `private-sdp` (8, never true of a REGISTER), `diff-port-src-via` (16), `diff-ip-src-contact` (32), `diff-port-src-contact` (64); `carrier-grade-nat` (128) counts 100.64.0.0/10 as private. 0 = no detection. A REGISTER whose Path is stored is not tested: it comes from a proxy.',
        opensips: 'nathelper function `nat_uac_test()`',
      }),
    fix_nated_contact: yesNo().default(false).register(keyNotes, {
      meaning:
        "Puts the source's address and port into the Contact of a phone behind NAT. Without it the Contact stays as it is and `received` remembers the source.",
      opensips: 'nathelper function `fix_nated_contact()`; without it `fix_nated_register()`',
    }),
  })
  .register(sectionNotes, {
    meaning: 'How phones behind NAT are recognised.',
    example: `nathelper:
  nat_uac_test: [private-contact, diff-ip-src-via]`,
    refusedKeys: {
      natping_interval: PINGING,
      ping_nated_only: PINGING,
      natping_partitions: PINGING,
      natping_processes: PINGING,
      natping_tcp: PINGING,
      natping_socket: PINGING,
      force_socket: PINGING,
      sipping_from: PINGING,
      sipping_method: PINGING,
      sipping_bflag: PINGING,
      remove_on_timeout_bflag: PINGING,
      sipping_latency_flag: PINGING,
      sipping_ignore_rpl_codes: PINGING,
      ping_threshold: PINGING,
      max_pings_lost: PINGING,
      cluster_id: PINGING,
      cluster_sharing_tag: PINGING,
      received_avp: NO_SCRIPT,
      oldip_skip: NO_SDP,
      nortpproxy_str: NO_SDP,
    },
  });
