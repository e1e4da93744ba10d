import * as z from 'zod';
import { LISTEN_EXPECTED, parseListen } from './listen-address.ts';
import { keyNotes, sectionNotes } from './notes.ts';
import { clustererSection } from './sections/clusterer-section.ts';
import { logSection } from './sections/log-section.ts';
import { miSection } from './sections/mi-section.ts';
import { nathelperSection } from './sections/nathelper-section.ts';
import { policySection } from './sections/policy-section.ts';
import { registrarSection } from './sections/registrar-section.ts';
import { sipSection } from './sections/sip-section.ts';
import { tlsMgmSection } from './sections/tls-mgm-section.ts';
import { usrlocSection } from './sections/usrloc-section.ts';
import { oneOrMore, parsedText } from './values.ts';

const LISTENERS_MAX = 32;

const listen = oneOrMore(
  parsedText(parseListen, LISTEN_EXPECTED),
  LISTENERS_MAX,
  `a list of listeners: ${LISTEN_EXPECTED}`,
)
  .transform((listeners) => listeners.flat())
  .prefault(['sip:127.0.0.1:5060'])
  .register(keyNotes, {
    meaning:
      'Sockets to open; an address alone means UDP and TCP, as `sip:` does. `as` gives the address that the outside knows a socket by, where that differs (its port defaults to the bound one). `bin:` is where the other node of a cluster comes to (port 5555), `bins:` the same over TLS; there is one at most. On a node of a cluster an address that is not here is no error: its sockets wait for it, and are open within a fraction of a second of its arrival. The option `--listen` replaces all listeners of its kind, those for SIP or the one for replication.',
    opensips: 'core `listen` (2.4), `socket` (3.x); there without a default',
  });

/** The whole file: the sections by the names of the OpenSIPS modules that they configure. */
export const configSchema = z
  .strictObject({
    listen,
    usrloc: usrlocSection.prefault({}),
    registrar: registrarSection.prefault({}),
    nathelper: nathelperSection.prefault({}),
    policy: policySection.prefault({}),
    clusterer: clustererSection.prefault({}),
    tls_mgm: tlsMgmSection.prefault({}),
    mi: miSection.prefault({}),
    sip: sipSection.prefault({}),
    log: logSection.prefault({}),
  })
  .register(sectionNotes, {
    meaning: 'The sockets of this node. This key stands outside of any section.',
    example: `listen:
  - sip:10.0.0.150
  - udp:10.0.0.150:5080 as sip.example.com:5080`,
    refusedKeys: {
      socket: 'is called listen here',
      loadmodule: 'there are no modules to load; remove it',
      modparam: 'module parameters are sections here, such as usrloc: with use_domain: 1 below it',
      log_level: 'is called log.level here',
      db_default_url: 'is called usrloc.db_url here',
      auth: 'authentication is not in this version; remove it',
      proto_bin: 'is no section here: the port of replication stands in its listener, as listen: bin:ADDRESS:PORT',
    },
  });

/** The file's keys with their defaults, as the sections describe them. */
export type ConfigKeys = z.output<typeof configSchema>;
