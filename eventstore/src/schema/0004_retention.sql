-- How much of a stream is kept, and whether it was deleted. A stream without a row keeps everything.
CREATE TABLE stream_retention (stream INTEGER PRIMARY KEY, events_max INTEGER, age_max INTEGER,
                               truncate_before INTEGER NOT NULL, deleted_before INTEGER NOT NULL,
                               tombstone INTEGER NOT NULL);
