-- The location table as twinreg stores it, and `location`, a view of it with the columns of OpenSIPS.
--
-- A flush appends what changed to `journal`, as one blob; records whose row is behind are written into `hot` in the
-- background. `cold` is the part of a record that a refresh leaves as it is. Removed records stay (kind 1: by order,
-- 2: judged gone), because they outrank older copies of a binding that may still exist on the other node.
-- Text is TEXT where the phone's octets are UTF-8, else BLOB.

CREATE TABLE cold(
  id INTEGER PRIMARY KEY,         -- number of the record; given again once the record is forgotten
  username TEXT NOT NULL,
  domain TEXT NOT NULL,           -- '' with use_domain 0
  contact TEXT NOT NULL,
  key TEXT,                       -- NULL: equals the contact
  received TEXT,
  path TEXT,
  instance TEXT,
  attr TEXT,
  prof INTEGER                    -- NULL: the record was written as a removal
);
CREATE INDEX cold_prof ON cold(prof); -- tells whether a profile is still named

CREATE TABLE hot(
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,          -- 0 put, 1 removed, 2 judged gone
  sticky INTEGER NOT NULL,        -- 1: was permanent once
  expires_ms INTEGER,             -- cluster time; NULL: permanent
  cseq INTEGER NOT NULL,
  v_ms INTEGER NOT NULL,          -- the version: cluster time, counter, node, incarnation
  v_counter INTEGER NOT NULL,
  v_node INTEGER NOT NULL,
  v_incarnation INTEGER NOT NULL,
  callid TEXT NOT NULL
);

-- What many bindings have in common. Each row is named by one of `cold`.
CREATE TABLE prof(
  id INTEGER PRIMARY KEY,
  q INTEGER NOT NULL,             -- thousandths; -1: none given
  methods INTEGER,                -- NULL: unknown
  flags INTEGER NOT NULL,
  user_agent TEXT NOT NULL,
  socket TEXT NOT NULL,
  cflags TEXT NOT NULL
);
CREATE UNIQUE INDEX prof_content ON prof(user_agent, socket, cflags, q, coalesce(methods, -1), flags);

CREATE TABLE journal(
  seq INTEGER PRIMARY KEY,        -- number of the flush
  crc INTEGER NOT NULL,           -- CRC-32 of data
  data BLOB NOT NULL
);

-- Every record of the AoR at or below this version is dead.
CREATE TABLE floor(
  username TEXT NOT NULL,
  domain TEXT NOT NULL,
  v_ms INTEGER NOT NULL,
  v_counter INTEGER NOT NULL,
  v_node INTEGER NOT NULL,
  v_incarnation INTEGER NOT NULL,
  cseq INTEGER NOT NULL,
  callid TEXT NOT NULL,
  PRIMARY KEY(username, domain)
) WITHOUT ROWID;

-- Written with every flush.
CREATE TABLE mark(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  file_id TEXT NOT NULL,
  seq INTEGER NOT NULL,           -- last flush
  cluster_ms INTEGER NOT NULL,    -- cluster time of the last flush
  clock_offset_ms INTEGER NOT NULL -- cluster time minus wall clock
);
INSERT INTO mark VALUES(1, lower(hex(randomblob(8))), 0, 0, 0);

-- Rows that could not be read at a start, as they were.
CREATE TABLE rejected(
  id INTEGER PRIMARY KEY,
  rejected_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
  reason TEXT NOT NULL,
  cold TEXT,
  hot TEXT
);

-- Live bindings, by cluster time. Times are wall clock, UTC.
CREATE VIEW location AS
SELECT
  c.id AS contact_id,
  c.username AS username,
  nullif(c.domain, '') AS domain,
  c.contact AS contact,
  c.received AS received,
  c.path AS path,
  coalesce((h.expires_ms - m.clock_offset_ms) / 1000, 0) AS expires,
  CASE WHEN p.q < 0 THEN -1.0 ELSE p.q / 1000.0 END AS q,
  h.callid AS callid,
  h.cseq AS cseq,
  datetime((h.v_ms - m.clock_offset_ms) / 1000, 'unixepoch') AS last_modified,
  p.flags AS flags,
  nullif(p.cflags, '') AS cflags,
  p.user_agent AS user_agent,
  nullif(p.socket, '') AS socket,
  p.methods AS methods,
  c.instance AS sip_instance,
  NULL AS kv_store,
  c.attr AS attr
FROM mark m
CROSS JOIN cold c
JOIN hot h ON h.id = c.id
JOIN prof p ON p.id = c.prof
WHERE h.kind = 0
  AND (h.expires_ms IS NULL OR h.expires_ms - m.clock_offset_ms > (julianday('now') - 2440587.5) * 86400000)
  AND NOT EXISTS (
    SELECT 1 FROM floor f
    WHERE f.username = c.username AND f.domain = c.domain
      AND (h.v_ms, h.v_counter, h.v_node, h.v_incarnation) <= (f.v_ms, f.v_counter, f.v_node, f.v_incarnation)
  );
