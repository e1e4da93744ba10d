-- Tables with OpenSIPS's own columns, so that what is written for its schema runs here.

-- clusterer, version 4. With INTEGER PRIMARY KEY a NULL id numbers itself.
CREATE TABLE clusterer(
  id INTEGER PRIMARY KEY,
  cluster_id INTEGER NOT NULL,
  node_id INTEGER NOT NULL,
  url CHAR(64) NOT NULL,
  state INTEGER NOT NULL DEFAULT 1,
  no_ping_retries INTEGER NOT NULL DEFAULT 3,
  priority INTEGER NOT NULL DEFAULT 50,
  sip_addr CHAR(64),
  flags CHAR(64),
  description CHAR(64),
  CONSTRAINT clusterer_idx UNIQUE(cluster_id, node_id)
);

-- subscriber, version 8.
CREATE TABLE subscriber(
  id INTEGER PRIMARY KEY,
  username CHAR(64) NOT NULL DEFAULT '',
  domain CHAR(64) NOT NULL DEFAULT '',
  password CHAR(25) NOT NULL DEFAULT '',
  ha1 CHAR(64) NOT NULL DEFAULT '',
  ha1_sha256 CHAR(64) NOT NULL DEFAULT '',
  ha1_sha512t256 CHAR(64) NOT NULL DEFAULT '',
  CONSTRAINT subscriber_account_idx UNIQUE(username, domain)
);
CREATE INDEX subscriber_username_idx ON subscriber(username);

CREATE TABLE version(
  table_name CHAR(32) NOT NULL,
  table_version INTEGER NOT NULL DEFAULT 0,
  CONSTRAINT version_idx UNIQUE(table_name)
);
INSERT INTO version(table_name, table_version) VALUES('location', 1013), ('clusterer', 4), ('subscriber', 8);
