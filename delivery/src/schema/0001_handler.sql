-- How far each handler of the log is. `suspects` is how many of its events after `position` may have been in work when
-- the process ended; 0: it ended in good order. `attempts` counts those at the event at `attempt_position` that were
-- recorded before they were made and have not come back; `key_asked`: it is to be parked, and its key was asked for. A handler with `paused` does not run until it is resumed: the
-- class of the error that paused it, or empty when somebody did.
CREATE TABLE delivery_handler (
  name TEXT PRIMARY KEY, position INTEGER NOT NULL, suspects INTEGER NOT NULL,
  attempt_position INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
  key_asked INTEGER NOT NULL DEFAULT 0,
  paused TEXT, paused_message TEXT) WITHOUT ROWID;
