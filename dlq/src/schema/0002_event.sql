-- Where the item is in the log, of letters whose item is a stored event.
CREATE TABLE dead_letter_event (
  letter INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL);
