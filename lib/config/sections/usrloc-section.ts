import * as z from 'zod';
import { CLUSTER_ID_MAX } from '../../core/node-bounds.ts';
import { DATABASE_URL_EXPECTED, parseDatabaseUrl } from '../database-url.ts';
import { keyNotes, sectionNotes, valueNotes } from '../notes.ts';
import { asciiText, BRANCH_FLAG_NAME, oneOf, parsedText, seconds, wholeNumber, yesNo } from '../values.ts';
import { PRESET_NAMES } from '../working-mode.ts';

const NO_NOSQL =
  'needs a NoSQL store, which is not supported; write full-sharing-cluster for two nodes, single-instance-sql-write-back for one';
const NO_NOSQL_MODE = 'needs a NoSQL store, which is not supported; write full-sharing, or leave it out';
const REFUSED_PRESETS = {
  'sql-only':
    'keeps bindings in the database alone, which is not supported; write single-instance-sql-write-through, which loses no answered registration either',
  'full-sharing-cachedb-cluster': NO_NOSQL,
  'federation-cachedb-cluster': NO_NOSQL,
  'federation-cluster': 'is refused by OpenSIPS too; write full-sharing-cluster, or single-instance-sql-write-back',
};
const REFUSED_CLUSTER_MODES = {
  'full-sharing-cachedb': NO_NOSQL_MODE,
  'federation-cachedb': NO_NOSQL_MODE,
  federation: 'is refused by OpenSIPS too; write full-sharing, or leave it out',
  'sql-only': 'keeps bindings in the database alone, which is not supported; write none, or leave it out',
};

const NOSQL = 'NoSQL stores are not supported; remove it';
const SHARING =
  'is about sharing pings between nodes: here one node of a pair pings, and nh_enable_ping says which; remove it';
const EVENTS = 'is about events, which are not supported; latencies are in the statistics; remove it';
const ONE_SITE = 'is about clusters of several sites, which are not supported; remove it';
const COLUMNS = 'column names are fixed; remove it';

export const usrlocSection = z
  .strictObject({
    use_domain: yesNo().default(true).register(keyNotes, {
      meaning: 'Whether an address-of-record is `user@domain`; without it the user part alone.',
      opensips: 'usrloc `use_domain` (there 0 up to 3.6, 1 from 4.0)',
    }),
    working_mode_preset: oneOf(PRESET_NAMES, REFUSED_PRESETS).optional().register(keyNotes, {
      meaning:
        'Where bindings are kept: on this node alone, or on the nodes of a cluster (`full-sharing-…`, which needs `location_cluster`, the section `clusterer` and a listener `bin:`); in memory only, or also in SQLite. `full-sharing-cluster` writes SQLite with write-back; for a cluster that leaves the disk alone, as in OpenSIPS, write `cluster_mode: full-sharing` and `restart_persistency: sync-from-cluster` in its place. With `write-through` each 200 waits until the disk has what it says, while the disk works; when the disk fails, or does not answer for longer than 400 ms (the file is locked, say), registrations go on in memory, and `twinreg status` shows `disk` as degraded until all is on disk again. With `write-back` no answer waits. It sets the three keys below it and wins over them.',
      opensips:
        'usrloc `working_mode_preset` (there single-instance-no-db, and `full-sharing-cluster` writes nothing to SQL); `full-sharing-cluster-sql-…` are ours',
      defaultText: '`single-instance-sql-write-back`, unless one of the next three keys is given',
    }),
    cluster_mode: oneOf(['none', 'full-sharing'], REFUSED_CLUSTER_MODES).optional().register(keyNotes, {
      meaning: 'Whether the other node of the cluster holds the same bindings.',
      opensips: 'usrloc `cluster_mode`',
      defaultText: '`none`',
    }),
    restart_persistency: oneOf(['none', 'load-from-sql', 'sync-from-cluster']).optional().register(keyNotes, {
      meaning:
        'Where bindings come from after a restart. `load-from-sql` without a write mode means `write-back`. With `cluster_mode: full-sharing` two nodes that meet always bring each other up to date; `sync-from-cluster` means by that alone.',
      opensips: 'usrloc `restart_persistency`',
      defaultText: 'by the preset; `none` without one',
    }),
    sql_write_mode: oneOf(['none', 'write-through', 'write-back']).optional().register(keyNotes, {
      meaning: 'When bindings are written to SQLite. Needs `restart_persistency: load-from-sql`.',
      opensips: 'usrloc `sql_write_mode`',
      defaultText: 'by the preset; `none` without one',
    }),
    db_url: parsedText(parseDatabaseUrl, DATABASE_URL_EXPECTED).prefault('sqlite:location.db').register(keyNotes, {
      meaning: 'The SQLite file. A relative path is below the data folder.',
      opensips: 'usrloc `db_url`',
    }),
    flush_interval_ms: wholeNumber(5, 1000, 'milliseconds').optional().register(keyNotes, {
      meaning:
        'How often changes are written to SQLite. With `write-back` and a disk that works a crash loses at most the changes of this time; with `write-through` answers wait for it. 200 to 1000 with the former, 5 to 20 with the latter.',
      opensips: "ours (in place of usrloc `timer_interval`'s flush every 60 s)",
      defaultText: '1000 with `write-back`, 10 with `write-through`',
    }),
    matching_mode: z.literal([0, 1]).register(valueNotes, { expected: '0 or 1' }).default(0).register(keyNotes, {
      meaning:
        'What tells two bindings of an address-of-record apart: 0 the Contact URI, 1 the Contact URI and the Call-ID. 1 keeps two phones apart that show the same private Contact from behind two NATs.',
      opensips: 'usrloc `matching_mode`',
    }),
    cseq_delay: seconds(0, 3600).default(40).register(keyNotes, {
      meaning:
        "For how long a REGISTER with the binding's own Call-ID and CSeq is a retransmission and is answered again; later it gets 400. The default is longer than SIP's timer F.",
      opensips: 'usrloc `cseq_delay` (there 20)',
    }),
    desc_time_order: yesNo().default(false).register(keyNotes, {
      meaning: 'Lists the newest binding first and leaves q aside; else by descending q, then oldest first.',
      opensips: 'usrloc `desc_time_order`',
    }),
    nat_bflag: asciiText(64, 'the name of a branch flag, such as NAT', BRANCH_FLAG_NAME).optional().register(keyNotes, {
      meaning: 'Branch flag that marks bindings of phones behind NAT.',
      opensips: 'usrloc `nat_bflag`',
      defaultText: 'none',
    }),
    location_cluster: wholeNumber(0, CLUSTER_ID_MAX).default(0).register(keyNotes, {
      meaning: 'Id of the cluster that shares the bindings; 0 = none. A `cluster_mode` needs one, and it needs a mode.',
      opensips: 'usrloc `location_cluster`',
    }),
    max_records_per_aor: wholeNumber(1, 4096).default(256).register(keyNotes, {
      meaning:
        'Records of one address-of-record, removed ones that are not yet forgotten included; beyond it REGISTER gets 503 with Retry-After.',
      opensips: 'ours',
    }),
    max_aors: wholeNumber(1, 10_000_000).default(2_000_000).register(keyNotes, {
      meaning: 'Addresses-of-record in the table; beyond it REGISTER for a new one gets 503 with Retry-After.',
      opensips: 'ours',
    }),
  })
  .register(sectionNotes, {
    meaning: 'The location table: what it holds and where it is kept.',
    example: `usrloc:
  use_domain: 1
  working_mode_preset: single-instance-sql-write-through
  db_url: sqlite:///var/lib/twinreg/location.db`,
    refusedKeys: {
      db_mode:
        'excludes working_mode_preset and is gone from OpenSIPS 4; write working_mode_preset alone: single-instance-no-db for 0, single-instance-sql-write-through for 1, single-instance-sql-write-back for 2 (3 is not supported)',
      timer_interval:
        'does not exist here: expiry needs no timer, and flush_interval_ms says how often SQLite is written; remove it',
      hash_size: 'does not exist here: the table grows by itself; remove it',
      max_contact_delete: 'does not exist here: removals are written with everything else; remove it',
      regen_broken_contactid: 'does not exist here: contact ids are made anew at each start; remove it',
      mi_dump_kv_store: 'does not exist here: there is no key-value store; remove it',
      contact_refresh_timer: 'comes with push notifications, which are not supported; remove it',
      cachedb_url: NOSQL,
      pinging_mode: SHARING,
      shared_pinging: SHARING,
      latency_event_min_us: EVENTS,
      latency_event_min_us_delta: EVENTS,
      skip_replicated_db_ops:
        'does not exist here: each node writes all that it holds to its own file, wherever it came from; for none write sql_write_mode: none; remove it',
      ha_cluster: ONE_SITE,
      ha_shtag: ONE_SITE,
      user_column: COLUMNS,
      domain_column: COLUMNS,
      contact_column: COLUMNS,
      contactid_column: COLUMNS,
    },
  });
