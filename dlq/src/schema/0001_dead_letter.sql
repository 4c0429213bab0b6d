-- What failed too often, with everything that is needed to try it again. docs/dead_letters.md has the meaning of each.
CREATE TABLE dead_letter_queue (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- Letters of one queue that failed alike, and how many of them there are in each state.
CREATE TABLE dead_letter_cause (
  number INTEGER PRIMARY KEY AUTOINCREMENT, queue INTEGER NOT NULL, error TEXT NOT NULL, text TEXT NOT NULL,
  parked INTEGER NOT NULL DEFAULT 0, retrying INTEGER NOT NULL DEFAULT 0,
  resolved INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0,
  UNIQUE (queue, error, text));

CREATE TABLE dead_letter (
  id INTEGER PRIMARY KEY, queue INTEGER NOT NULL, item BLOB NOT NULL, key TEXT NOT NULL, cause INTEGER NOT NULL,
  state INTEGER NOT NULL, parked_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, due_at INTEGER,
  attempts INTEGER NOT NULL, source TEXT NOT NULL, type TEXT NOT NULL, schema_version INTEGER NOT NULL,
  content_type INTEGER NOT NULL, payload_bytes INTEGER NOT NULL, message TEXT NOT NULL);
CREATE UNIQUE INDEX dead_letter_item ON dead_letter (queue, item);
CREATE INDEX dead_letter_key ON dead_letter (queue, key, state, id) WHERE key <> '';
CREATE INDEX dead_letter_by_cause ON dead_letter (cause, state, id);
CREATE INDEX dead_letter_due ON dead_letter (queue, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX dead_letter_closed ON dead_letter (changed_at, id) WHERE state >= 4;

-- The newest letter that was deleted, so that its id is not used again.
CREATE TABLE dead_letter_deleted (one INTEGER PRIMARY KEY CHECK (one = 1), id INTEGER NOT NULL, parked_at INTEGER NOT NULL);

-- Apart, so that lists do not read payloads. `original` is the payload before it was first edited.
CREATE TABLE dead_letter_content (
  letter INTEGER PRIMARY KEY, payload BLOB NOT NULL, metadata TEXT NOT NULL, original BLOB);

-- An attempt that succeeded has no error; one that has not ended has no `took`.
CREATE TABLE dead_letter_attempt (
  letter INTEGER NOT NULL, number INTEGER NOT NULL, started_at INTEGER NOT NULL, took INTEGER, worker TEXT NOT NULL,
  error TEXT, message TEXT, PRIMARY KEY (letter, number)) WITHOUT ROWID;

CREATE TABLE dead_letter_note (
  letter INTEGER NOT NULL, number INTEGER NOT NULL, written_at INTEGER NOT NULL, author TEXT NOT NULL,
  text TEXT NOT NULL, PRIMARY KEY (letter, number)) WITHOUT ROWID;

-- A run goes through the letters that were parked when it began, by id; `position` is the last one it is done with.
CREATE TABLE dead_letter_redrive (
  number INTEGER PRIMARY KEY, filter TEXT NOT NULL, worker TEXT NOT NULL, started_at INTEGER NOT NULL,
  ended_at INTEGER, position INTEGER NOT NULL, through INTEGER NOT NULL, resolved INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0, waiting INTEGER NOT NULL DEFAULT 0);
