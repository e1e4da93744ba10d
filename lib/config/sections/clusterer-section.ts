import * as z from 'zod';
import { NODE_ID_MAX } from '../../core/node-bounds.ts';
import { TOKEN_CHARS_MIN } from '../../core/token-chars-min.ts';
import { DATABASE_URL_EXPECTED, parseDatabaseUrl } from '../database-url.ts';
import { NODE_INFO_EXPECTED, parseNodeInfo } from '../node-info.ts';
import { keyNotes, sectionNotes, valueNotes } from '../notes.ts';
import { oneOf, oneOrMore, parsedText, pathText, seconds, wholeNumber, yesNo } from '../values.ts';

const SECRET_CHARS_MAX = 512;
/** One signs; the other is there while a secret is changed for a new one. */
const SECRETS_MAX = 2;
const NEIGHBOURS_MAX = 32;
/** Below SIP's T1, after which a phone sends its REGISTER again. */
const COMMIT_TIMEOUT_MAX_MS = 499;

const COLUMNS = 'names of table and columns are fixed; remove it';
const NO_TIMEOUT =
  'does not exist here: a synchronisation that the link breaks off begins again with the next link; remove it';
const OWN_PROTOCOL = 'does not exist here: replication has a protocol of its own, which bounds its frames; remove it';
const ONE_PROCESS = 'one process serves everything; remove it';
const TWO_NODES = 'does not exist here: two nodes have nobody between them; remove it';
const ROLE = 'does not exist here: nh_enable_ping and the SIP address say which node is the active one; remove it';

function secretText() {
  return z
    .string()
    .min(TOKEN_CHARS_MIN)
    .max(SECRET_CHARS_MAX)
    .regex(/^[\x21-\x7e]*$/)
    .register(valueNotes, { expected: `at least ${TOKEN_CHARS_MIN} visible ASCII characters`, isSecret: true });
}

function nodeInfo() {
  return parsedText(parseNodeInfo, NODE_INFO_EXPECTED);
}

function nodeInfos() {
  return oneOrMore(nodeInfo(), NEIGHBOURS_MAX, `${NODE_INFO_EXPECTED}, or a list of them`);
}

export const clustererSection = z
  .strictObject({
    my_node_id: wholeNumber(1, NODE_ID_MAX).optional().register(keyNotes, {
      meaning:
        'Number of this node, another one on each node of a cluster. It stands in the version of each change, so a node keeps it for good.',
      opensips: 'clusterer `my_node_id`',
      defaultText: '1; in a cluster it has to be given',
    }),
    current_id: wholeNumber(1, NODE_ID_MAX).optional().register(keyNotes, {
      meaning: 'The older name of `my_node_id`.',
      opensips: 'clusterer `current_id` (2.4)',
      defaultText: 'as `my_node_id`',
    }),
    db_mode: z.literal([0, 1]).register(valueNotes, { expected: '0 or 1' }).default(1).register(keyNotes, {
      meaning:
        'Where the nodes of the cluster are named: 1 in the table `clusterer`, 0 in `my_node_info` and `neighbor_node_info`.',
      opensips: 'clusterer `db_mode`',
    }),
    db_url: parsedText(parseDatabaseUrl, DATABASE_URL_EXPECTED).optional().register(keyNotes, {
      meaning:
        'The SQLite file with the table `clusterer`. A relative path is below the data folder. Each node has its own file, with the rows of both nodes.',
      opensips: 'clusterer `db_url`',
      defaultText: 'the file of `usrloc.db_url`',
    }),
    my_node_info: nodeInfo().optional().register(keyNotes, {
      meaning: 'This node, with `db_mode: 0`. Without `node_id` it is `my_node_id`.',
      opensips: 'clusterer `my_node_info`',
      defaultText: 'none',
    }),
    neighbor_node_info: nodeInfos().optional().register(keyNotes, {
      meaning: 'The other node, with `db_mode: 0`.',
      opensips: 'clusterer `neighbor_node_info`',
      defaultText: 'none',
    }),
    current_info: nodeInfo().optional().register(keyNotes, {
      meaning: 'The older name of `my_node_info`.',
      opensips: 'clusterer `current_info` (2.4)',
      defaultText: 'none',
    }),
    neighbor_info: nodeInfos().optional().register(keyNotes, {
      meaning: 'The older name of `neighbor_node_info`.',
      opensips: 'clusterer `neighbor_info` (2.4)',
      defaultText: 'none',
    }),
    ping_interval: seconds(1, 60).default(4).register(keyNotes, {
      meaning: 'How often a heartbeat goes over the link; at least every 2 s, whatever stands here.',
      opensips: 'clusterer `ping_interval`',
    }),
    ping_timeout: wholeNumber(100, 30_000, 'milliseconds').default(1000).register(keyNotes, {
      meaning:
        "A link over which nothing comes is down after `ping_interval`, and this once, and once more for each of the row's `no_ping_retries`: 8 s with the defaults. A whole frame of any type counts as a sign of life.",
      opensips: 'clusterer `ping_timeout`',
    }),
    node_timeout: seconds(1, 3600).default(60).register(keyNotes, {
      meaning:
        'The node with the greater id connects to the other one, again and again. Without a link for so long the other one connects too.',
      opensips: 'clusterer `node_timeout`',
    }),
    seed_fallback_interval: seconds(0, 3600).default(5).register(keyNotes, {
      meaning:
        'A node whose row has the flag `seed` calls itself synced when it has found no synced node for so long after its start. That says what lookups may trust, never which binding wins.',
      opensips: 'clusterer `seed_fallback_interval`',
    }),
    commit: oneOf(['twin', 'local']).default('twin').register(keyNotes, {
      meaning:
        'What a 200 to a REGISTER waits for while the other node is in sync: `twin` that it holds the binding too, `local` nothing. With `local` a node that is killed may take answered registrations with it.',
      opensips: 'ours (OpenSIPS never waits)',
    }),
    commit_timeout_ms: wholeNumber(50, COMMIT_TIMEOUT_MAX_MS, 'milliseconds').default(400).register(keyNotes, {
      meaning:
        "How long an answer waits for the other node at most. Then all that wait go, and nobody waits any more until that node has caught up. Less than SIP's T1 (500 ms), after which phones repeat themselves.",
      opensips: 'ours',
    }),
    secret: oneOrMore(secretText(), SECRETS_MAX, 'a secret, or a list of secrets').optional().register(keyNotes, {
      meaning:
        'What both nodes have and nobody else. Of two either will do, so that one can be replaced: add the new one on both nodes, one after the other, then remove the old one on both, with a restart each time. `secret_file` keeps it out of this file.',
      opensips: 'ours (in OpenSIPS the source address is trusted)',
      defaultText: 'none; a cluster needs one',
    }),
    secret_file: pathText().optional().register(keyNotes, {
      meaning:
        'A file with the secret of `secret`, or with two, each on a line; it is read when the daemon starts. A relative path is below the data folder. To make one: `openssl rand -hex 32`.',
      opensips: 'ours',
      defaultText: 'none',
    }),
    no_secret: yesNo().default(false).register(keyNotes, {
      meaning: 'Replicates with whoever reaches the listener `bin:` and says that it is the other node.',
      opensips: 'ours (in OpenSIPS it is always so)',
    }),
    log_size: wholeNumber(1, 1024, 'MiB').default(64).register(keyNotes, {
      meaning:
        'Changes that are kept in memory for the other node, so that a link that breaks for a short time goes on where it was. What was lost with more, or with a restart, is found by comparing both tables.',
      opensips: 'ours',
    }),
    digest_interval: seconds(0, 604_800).default(3600).register(keyNotes, {
      meaning: 'So often both tables are compared although nothing went wrong; 0 = never.',
      opensips: 'ours',
    }),
  })
  .register(sectionNotes, {
    meaning:
      'This node, and the other one that holds the same bindings (see `usrloc.working_mode_preset`). The rows of both nodes are written by `twinreg cluster add`, or with SQL as in `sql/example-two-nodes.sql`.',
    example: `# This node of a pair; on the other one my_node_id is 2, and bin: its own address.
listen: [sip:10.0.0.150, bin:10.0.0.177]
usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}
clusterer:
  my_node_id: 1
  secret_file: /etc/twinreg/cluster-secret
  # Without these three lines the nodes stand in the table clusterer.
  db_mode: 0
  my_node_info: cluster_id=1,node_id=1,url=bin:10.0.0.177,flags=seed
  neighbor_node_info: cluster_id=1,node_id=2,url=bin:10.0.0.178`,
    refusedKeys: {
      db_table: COLUMNS,
      id_col: COLUMNS,
      cluster_id_col: COLUMNS,
      node_id_col: COLUMNS,
      url_col: COLUMNS,
      state_col: COLUMNS,
      no_ping_retries_col: COLUMNS,
      priority_col: COLUMNS,
      sip_addr_col: COLUMNS,
      flags_col: COLUMNS,
      description_col: COLUMNS,
      db_bridges_table: 'is about clusters of several sites, which are not supported; remove it',
      enable_stats: 'statistics are always there; remove it',
      sync_timeout: NO_TIMEOUT,
      sync_packet_size: OWN_PROTOCOL,
      dispatch_jobs: ONE_PROCESS,
      enable_rerouting: TWO_NODES,
      sharing_tag: ROLE,
    },
  });
