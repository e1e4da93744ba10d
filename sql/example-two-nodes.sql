-- The two nodes of the OpenSIPS tutorial on a "full sharing" user location, for the sqlite3 shell. Put your own addresses
-- into a copy of this file. The table is there after the first start of the daemon; before it, use `twinreg cluster add`.
--   sqlite3 /var/lib/twinreg/location.db < nodes.sql
--   twinreg mi clusterer_reload
INSERT INTO clusterer(id, cluster_id, node_id, url, state, no_ping_retries, priority, sip_addr, flags, description) VALUES
(NULL, 1, 1, 'bin:10.0.0.177', 1, 3, 50, NULL, 'seed', NULL),
(NULL, 1, 2, 'bin:10.0.0.178', 1, 3, 50, NULL, NULL, NULL);
