CREATE TABLE owner(fleet TEXT NOT NULL, ledger TEXT NOT NULL, number INTEGER NOT NULL);
CREATE TABLE deliveries(id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE jobs(
  id INTEGER NOT NULL, attempt INTEGER NOT NULL, run INTEGER NOT NULL,
  installation INTEGER NOT NULL, owner TEXT NOT NULL, scope_repo TEXT NOT NULL, labels TEXT NOT NULL,
  owner_id INTEGER NOT NULL, repo TEXT NOT NULL, public INTEGER NOT NULL,
  name TEXT NOT NULL, workflow TEXT NOT NULL, status INTEGER NOT NULL, conclusion TEXT NOT NULL,
  runner TEXT NOT NULL, queued INTEGER NOT NULL, started INTEGER NOT NULL, done INTEGER NOT NULL,
  recorded INTEGER NOT NULL, changed INTEGER NOT NULL, asked INTEGER NOT NULL,
  launched INTEGER NOT NULL, launches INTEGER NOT NULL, closed INTEGER NOT NULL,
  verdict TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY(id, attempt)) WITHOUT ROWID;
CREATE INDEX jobs_open ON jobs(id) WHERE closed = 0;
CREATE TABLE things(kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY(kind, id)) WITHOUT ROWID;
CREATE TABLE decisions(job INTEGER NOT NULL, at INTEGER NOT NULL, number INTEGER NOT NULL, status INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX decisions_job ON decisions(job);
PRAGMA user_version = 1;
INSERT INTO owner VALUES('f', '0123456789abcdef', 7);
INSERT INTO deliveries VALUES('d1', 1767614400000000000);
INSERT INTO jobs VALUES(1, 1, 11, 7, 'acme', '', 'arm64,linux,self-hosted', 12, 'acme/w', 0, 'build', 'ci', 1, '', '',
 1767614400000000000, 0, 0, 1767614400000000000, 1767614400000000000, 0, 0, 0, 0, 'paced', '');
INSERT INTO decisions VALUES(1, 1767614401000000000, 6, 1, 'paced');
INSERT INTO things VALUES('mark', 'm', '"1"'), ('machine', 'i-1', '{"ID":"i-1","Pool":"p"}');
