-- States of streams, each a cache of what its events up to `revision` add up to.
CREATE TABLE snapshot (stream INTEGER NOT NULL, kind TEXT NOT NULL, revision INTEGER NOT NULL,
                       schema_hash INTEGER NOT NULL, data BLOB NOT NULL,
                       PRIMARY KEY (stream, kind, revision)) WITHOUT ROWID;
