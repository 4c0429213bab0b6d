-- docs/erasure.md says what each row holds. Rows of data_key are never removed.
CREATE TABLE key_file (one INTEGER PRIMARY KEY CHECK (one = 1), erasures INTEGER NOT NULL,
                       blind_master TEXT NOT NULL, blind_wrapped BLOB NOT NULL);
CREATE TABLE data_key (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, subject BLOB UNIQUE,
                       master TEXT NOT NULL, wrapped BLOB NOT NULL);
CREATE TABLE erasure (number INTEGER PRIMARY KEY, at INTEGER NOT NULL);
