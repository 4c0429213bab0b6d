-- The log: docs/format.md says what each row holds.
CREATE TABLE store (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

-- Numbers in order of first appearance, so that streams which live at the same time stand near each other in the index.
CREATE TABLE stream (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, category INTEGER NOT NULL);
CREATE TABLE category (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE event_type (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE tail (first INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE chunk (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE payload (position INTEGER PRIMARY KEY, body BLOB NOT NULL);

CREATE TABLE stream_index (stream INTEGER NOT NULL, revision INTEGER NOT NULL, positions BLOB NOT NULL,
                           PRIMARY KEY (stream, revision)) WITHOUT ROWID;
CREATE TABLE posting (key INTEGER NOT NULL, position INTEGER NOT NULL, more BLOB NOT NULL,
                      PRIMARY KEY (key, position)) WITHOUT ROWID;
CREATE TABLE event_id (id BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;

INSERT INTO store (key, value) VALUES ('format', 1), ('indexed_through', 0), ('all_ids_indexed', 0);
