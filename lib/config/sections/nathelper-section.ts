import * as z from 'zod';
import { keyNotes, sectionNotes, valueNotes } from '../notes.ts';
import { asciiText, BRANCH_FLAG_NAME, oneOf, oneOrMore, seconds, wholeNumber, yesNo } from '../values.ts';

const PHASES = 'pings are spread over the interval contact by contact, so that there is nothing to divide';
const ONE_SOURCE =
  'pings leave from the socket that the phone registered on, the only one that its NAT lets in; remove it';
const ONE_NODE = 'nh_enable_ping and the SIP address say which node pings; remove it';
const METHOD = 'is not supported: OPTIONS is what every phone answers without doing anything else';
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

function branchFlag() {
  return asciiText(64, 'the name of a branch flag, such as SIPPING_ENABLE', BRANCH_FLAG_NAME);
}

function partitions(name: string) {
  return wholeNumber(1, 8)
    .default(1)
    .register(keyNotes, {
      meaning: `Accepted, and without effect: ${PHASES}.`,
      opensips: `nathelper \`${name}\``,
    });
}

/** A list of statuses, or as OpenSIPS has it, a text with commas. */
function statuses() {
  const list = z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map(Number) : value),
    oneOrMore(wholeNumber(100, 699), STATUSES_MAX, 'a list of SIP statuses'),
  );
  return list.register(valueNotes, { expected: 'SIP statuses, 100 to 699, such as [408, 503]' });
}

const STATUSES_MAX = 100;

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
    natping_interval: seconds(0, 86_400).default(30).register(keyNotes, {
      meaning:
        'Time between two pings of a contact; 0 = nobody is pinged. Each contact has its own moment in it, so that pings are spread evenly. Pings go to addresses: a host name is looked up only where Path has it; a contact that gives one in `received` or Contact is not pinged, and neither is one with a multicast, broadcast or unspecified address, or with the address and port of this node.',
      opensips: 'nathelper `natping_interval` (there 0)',
    }),
    ping_nated_only: yesNo().default(false).register(keyNotes, {
      meaning: 'Pings only contacts that have the branch flag `usrloc.nat_bflag`; needs that key.',
      opensips: 'nathelper `ping_nated_only`',
    }),
    natping_tcp: yesNo().default(true).register(keyNotes, {
      meaning:
        'Pings contacts behind TCP too, on a connection that this node holds to the address and port that `received` or the Contact names (with the default `nat_uac_test` that is the connection they came on). Without one they are neither pinged nor counted as lost.',
      opensips: 'nathelper `natping_tcp` (there 0)',
    }),
    natping_partitions: partitions('natping_partitions'),
    natping_processes: partitions('natping_processes'),
    natping_max_rate: wholeNumber(10, 1_000_000, 'pings a second').default(20_000).register(keyNotes, {
      meaning:
        'No second sends more; what does not fit goes out later, in order, and a warning says so. With `sip.engine: drachtio` it is 1000 at most, which is what drachtio-server sustains.',
      opensips: 'ours',
    }),
    sipping_from: asciiText(255, 'a SIP URI').default('sip:pinger@localhost').register(keyNotes, {
      meaning: 'From of the pings.',
      opensips: 'nathelper `sipping_from`',
    }),
    sipping_method: oneOf(['OPTIONS'], { INFO: METHOD, NOTIFY: METHOD, MESSAGE: METHOD })
      .default('OPTIONS')
      .register(keyNotes, { meaning: 'Method of the pings.', opensips: 'nathelper `sipping_method`' }),
    sipping_bflag: branchFlag().default('SIPPING_ENABLE').register(keyNotes, {
      meaning:
        'Contacts with this branch flag are pinged with OPTIONS. The others get a keep-alive that asks for no answer: four zero octets, or CRLF CRLF on a connection. All contacts have it unless `policy.setbflag` says otherwise.',
      opensips: 'nathelper `sipping_bflag` (there none)',
    }),
    remove_on_timeout_bflag: branchFlag().default('SIPPING_RTO').register(keyNotes, {
      meaning:
        'Contacts with this branch flag are removed when they do not answer `max_pings_lost` pings. All contacts have it unless `policy.setbflag` says otherwise.',
      opensips: 'nathelper `remove_on_timeout_bflag` (there none)',
    }),
    max_pings_lost: wholeNumber(1, 100).default(3).register(keyNotes, {
      meaning:
        'Lost pings in a row after which a contact is removed. Where 20 contacts or more are asked: when more than half of the pings of an interval are lost, or 20 in a row, nobody is removed, since our own network is more likely at fault. With 1, a cut that is over after one or two pings, or that lets some through, may remove a few contacts before that shows; 2 or more are safer.',
      opensips: 'nathelper `max_pings_lost`',
    }),
    ping_threshold: seconds(1, 600).default(3).register(keyNotes, {
      meaning: 'A ping without an answer for so long is lost. Above `natping_interval`, half of the interval counts.',
      opensips: 'nathelper `ping_threshold`',
    }),
    sipping_ignore_rpl_codes: statuses().default([]).register(keyNotes, {
      meaning: 'Statuses that are no sign of life, such as those that a proxy makes up for a phone that is gone.',
      opensips: 'nathelper `sipping_ignore_rpl_codes`',
    }),
    sipping_latency_flag: branchFlag().optional().register(keyNotes, {
      meaning: 'Accepted, and without effect: the latency of every contact that is pinged with OPTIONS is kept.',
      opensips: 'nathelper `sipping_latency_flag`',
      defaultText: 'none',
    }),
  })
  .register(sectionNotes, {
    meaning: 'How phones behind NAT are recognised, and kept reachable.',
    example: `nathelper:
  nat_uac_test: [private-contact, diff-ip-src-via]
  natping_interval: 30
  max_pings_lost: 5
  sipping_ignore_rpl_codes: [408, 503]`,
    refusedKeys: {
      natping_socket: `does not exist here: ${ONE_SOURCE}`,
      force_socket: `does not exist here: ${ONE_SOURCE}`,
      cluster_id: `does not exist here: ${ONE_NODE}`,
      cluster_sharing_tag: `does not exist here: ${ONE_NODE}`,
      received_avp: NO_SCRIPT,
      oldip_skip: NO_SDP,
      nortpproxy_str: NO_SDP,
    },
  });
