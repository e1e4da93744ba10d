import * as z from 'zod';
import { isHost } from '../../core/host-port.ts';
import { keyNotes, sectionNotes, valueNotes } from '../notes.ts';
import { asciiText, oneOf, oneOrMore, seconds, wholeNumber, yesNo } from '../values.ts';

/** H of the replication rules: no binding lives longer, so that removed ones can be forgotten. */
export const LIFETIME_MAX_S = 86_400;

const DOMAINS_MAX = 1000;
const SERVICE_ROUTES_MAX = 16;

const NO_SCRIPT = 'there is no script, and so there are no script variables; remove it';
const PUSH = 'comes with push notifications, which are not supported; remove it';
const GRUU = 'comes with GRUU, which is not supported; remove it';

/** A domain as it is compared: lower case, an IPv6 address in brackets. */
export function domainName() {
  return z
    .string()
    .refine(
      (text) =>
        (text.startsWith('[') && text.endsWith(']') ? isHost(text.slice(1, -1)) : isHost(text)) &&
        !/^[^[]*:/.test(text),
    )
    .transform((text) => text.toLowerCase())
    .register(valueNotes, { expected: 'a domain name or an IP address (IPv6 in brackets)' });
}

/** `[location, p1v]`, as the arguments of OpenSIPS's `save("location", "p1v")`: the table, then flags in either form. */
function saveArguments() {
  const table = z
    .literal('location')
    .register(valueNotes, { expected: 'location, the one table, first, in a list such as [location, p1v]' });
  const flags = asciiText(64, 'flags of save(), such as p1v or path-lazy');
  return z
    .preprocess((value) => (typeof value === 'string' ? [value] : value), z.tuple([table]).rest(flags))
    .register(valueNotes, { expected: '[location] or [location, FLAGS], as in save("location", "p1v")' });
}

export const registrarSection = z
  .strictObject({
    default_expires: seconds(1, LIFETIME_MAX_S).default(3600).register(keyNotes, {
      meaning: 'Lifetime of a binding whose REGISTER names none.',
      opensips: 'registrar `default_expires`',
    }),
    min_expires: seconds(0, LIFETIME_MAX_S).default(60).register(keyNotes, {
      meaning: 'Shortest lifetime that is granted; 0 = any.',
      opensips: 'registrar `min_expires`',
    }),
    min_expires_policy: oneOf(['raise', 'reject']).default('raise').register(keyNotes, {
      meaning:
        'What a REGISTER that asks for less gets: `raise` grants `min_expires`, `reject` answers 423 with Min-Expires (RFC 3261 §10.3 step 7).',
      opensips: 'ours (OpenSIPS always raises)',
    }),
    max_expires: seconds(0, LIFETIME_MAX_S).default(0).register(keyNotes, {
      meaning: 'Longest lifetime that is granted; 0 = 86400, which nothing exceeds.',
      opensips: 'registrar `max_expires` (there 0 = no limit)',
    }),
    expires_max_deviation: seconds(0, LIFETIME_MAX_S).default(0).register(keyNotes, {
      meaning:
        'Granted lifetimes vary at random by up to this much, within the bounds, so that phones do not return all at once.',
      opensips: 'registrar `expires_max_deviation`',
    }),
    default_q: wholeNumber(0, 1000, 'thousandths').optional().register(keyNotes, {
      meaning: 'q of a Contact that gives none: 550 means 0.55.',
      opensips: 'registrar `default_q`',
      defaultText: 'unspecified',
    }),
    max_contacts: wholeNumber(0, 4096).default(0).register(keyNotes, {
      meaning:
        'Valid bindings of one address-of-record; 0 = no limit of this kind, only `usrloc.max_records_per_aor` (256, counting removed records that are not yet forgotten). Beyond it REGISTER gets 503 with Retry-After, or with the save flag `f` replaces the binding that was refreshed longest ago.',
      opensips: 'registrar `max_contacts`',
    }),
    save: saveArguments().prefault(['location']).register(keyNotes, {
      meaning:
        'Arguments of `save()`: the table `location`, then flags, as letters (`p1v`) or as names (`path-lazy`, `path-received`, `max-contacts=5`); all of them are listed below. The third argument of OpenSIPS, an address-of-record, does not exist here.',
      opensips: 'registrar function `save()`',
    }),
    case_sensitive: yesNo().default(true).register(keyNotes, {
      meaning: 'Whether user parts that differ in case are different users. Domains never are.',
      opensips: 'registrar `case_sensitive`',
    }),
    realm_prefix: asciiText(64, 'the beginning of a domain', /^[A-Za-z0-9.-]*$/)
      .default('')
      .register(keyNotes, {
        meaning: 'Cut off the front of the domain: with `sip.` users of sip.example.com and example.com are the same.',
        opensips: 'registrar `realm_prefix`',
      }),
    domains: oneOrMore(domainName(), DOMAINS_MAX, 'a list of domain names').default([]).register(keyNotes, {
      meaning:
        'Domains that are served, without their `realm_prefix`; REGISTER for another one is refused. Empty: any.',
      opensips: 'ours (in OpenSIPS the domain module and the script)',
    }),
    service_route: oneOrMore(
      asciiText(
        1024,
        'a URI in angle brackets, such as <sip:10.0.0.1;lr>',
        /^<sips?:[\x21-\x3b\x3d\x3f-\x7e]+>[\x20-\x7e]*$/i,
      ),
      SERVICE_ROUTES_MAX,
      'a list of URIs in angle brackets',
    )
      .default([])
      .register(keyNotes, {
        meaning: 'Service-Route of each 200 to a REGISTER, in this order (RFC 3608).',
        opensips: 'ours (in OpenSIPS the script)',
      }),
    received_param: asciiText(32, "a parameter's name", /^[A-Za-z0-9_.!%*+`'~-]*$/)
      .default('received')
      .register(keyNotes, {
        meaning:
          'Contact parameter in which a proxy in front says where the phone really is; empty = none is believed.',
        opensips: 'registrar `received_param`',
      }),
    retry_after: seconds(0, LIFETIME_MAX_S).default(0).register(keyNotes, {
      meaning:
        'Retry-After of 5xx replies; 0 = none, except on a 503: that of `max_contacts` and that of a full table (`usrloc.max_records_per_aor`, `usrloc.max_aors`) always carries it, with 60 then.',
      opensips: 'registrar `retry_after`',
    }),
    allow_dup_cseq: yesNo().default(false).register(keyNotes, {
      meaning: 'Takes an equal CSeq after `cseq_delay` for a new request, instead of answering 400.',
      opensips: 'registrar `allow_dup_cseq`',
    }),
    lenient_cseq: yesNo().default(false).register(keyNotes, {
      meaning:
        'Takes a lower CSeq under the same Call-ID for a new request, once it cannot be a late copy any more (40 s after the last change). For phones that begin again at CSeq 1 after a reboot and keep their Call-ID.',
      opensips: 'ours',
    }),
    max_username_len: wholeNumber(1, 1024, 'octets').default(64).register(keyNotes, {
      meaning: 'Longest user part.',
      opensips: 'registrar `max_username_len`',
    }),
    max_domain_len: wholeNumber(1, 255, 'octets').default(64).register(keyNotes, {
      meaning: 'Longest domain.',
      opensips: 'registrar `max_domain_len`',
    }),
    max_aor_len: wholeNumber(1, 1280, 'octets').default(256).register(keyNotes, {
      meaning: 'Longest address-of-record.',
      opensips: 'registrar `max_aor_len`',
    }),
    max_contact_len: wholeNumber(1, 4096, 'octets').default(255).register(keyNotes, {
      meaning: 'Longest Contact URI. Contacts with push parameters need more than the default.',
      opensips: 'registrar `max_contact_len`',
    }),
    max_path_len: wholeNumber(1, 4096, 'octets').default(1024).register(keyNotes, {
      meaning: 'All Path URIs of a REGISTER together.',
      opensips: 'ours (OpenSIPS is built with MAX_PATH_SIZE 255)',
    }),
  })
  .register(sectionNotes, {
    meaning: 'What a REGISTER may ask for and what it gets.',
    example: `registrar:
  save: [location, p1v]
  domains: [example.com]
  max_contacts: 5
  max_expires: 7200`,
    refusedKeys: {
      received_avp: NO_SCRIPT,
      attr_avp: NO_SCRIPT,
      mcontact_avp: NO_SCRIPT,
      sock_hdr_name: 'does not exist here: the socket is always the one that the REGISTER came in on; remove it',
      tcp_persistent_flag:
        'does not exist here: every TCP connection may stay open; sip.tcp_connection_lifetime says for how long; remove it',
      disable_gruu: GRUU,
      gruu_secret: GRUU,
      pn_enable: PUSH,
      pn_providers: PUSH,
      pn_ct_match_params: PUSH,
      pn_pnsreg_interval: PUSH,
      pn_trigger_interval: PUSH,
      pn_skip_pn_interval: PUSH,
      pn_refresh_timeout: PUSH,
      pn_enable_purr: PUSH,
    },
  });
