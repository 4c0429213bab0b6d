-- What became of each command that had an id. Ids are UUIDv7 and so in order of time: rows come at one end and go at
-- the other. kind: 1 events, 2 nothing happened, 3 rejected.
CREATE TABLE command_outcome (id BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, kind INTEGER NOT NULL,
                              revision INTEGER, position INTEGER NOT NULL, events INTEGER NOT NULL, code TEXT)
                              WITHOUT ROWID;
-- The details of a rejection in order; one of whole, real and words is set.
CREATE TABLE command_rejection_detail (id BLOB NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL,
                                       whole INTEGER, real REAL, words TEXT, PRIMARY KEY (id, place)) WITHOUT ROWID;
-- Outcomes of commands whose ids are older than this (milliseconds since 1970) may have been removed.
CREATE TABLE command_horizon (only INTEGER PRIMARY KEY, before INTEGER NOT NULL);
INSERT INTO command_horizon (only, before) VALUES (1, 0);
