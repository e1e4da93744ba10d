import * as z from 'zod';
import { keyNotes, sectionNotes } from '../notes.ts';
import { wholeNumber } from '../values.ts';

/** What a version stamp has room for. */
const NODE_ID_MAX = 65_535;

const REPLICATION = 'comes with replication, which is not in this version; remove it';

export const clustererSection = z
  .strictObject({
    my_node_id: wholeNumber(1, NODE_ID_MAX).optional().register(keyNotes, {
      meaning: 'Number of this node. It stands in the version of each change, so a node keeps it for good.',
      opensips: 'clusterer `my_node_id`',
      defaultText: '1',
    }),
    current_id: wholeNumber(1, NODE_ID_MAX).optional().register(keyNotes, {
      meaning: 'The older name of `my_node_id`.',
      opensips: 'clusterer `current_id` (2.4)',
      defaultText: '1',
    }),
  })
  .register(sectionNotes, {
    meaning: 'This node among others.',
    example: `clusterer:
  my_node_id: 1`,
    refusedKeys: {
      db_url: REPLICATION,
      db_table: REPLICATION,
      db_mode: REPLICATION,
      ping_interval: REPLICATION,
      ping_timeout: REPLICATION,
      node_timeout: REPLICATION,
      seed_fallback_interval: REPLICATION,
      sync_timeout: REPLICATION,
      sync_packet_size: REPLICATION,
      dispatch_jobs: REPLICATION,
      enable_rerouting: REPLICATION,
      sharing_tag: REPLICATION,
      my_node_info: REPLICATION,
      neighbor_node_info: REPLICATION,
      current_info: REPLICATION,
      neighbor_info: REPLICATION,
    },
  });
