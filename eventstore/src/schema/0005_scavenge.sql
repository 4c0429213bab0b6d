-- Revisions below removed_before may have been taken out of the log.
ALTER TABLE stream_retention ADD COLUMN removed_before INTEGER NOT NULL DEFAULT 0;
-- How far a scavenge has come.
INSERT INTO store (key, value) VALUES ('scavenge_phase', 0), ('scavenge_next', 0), ('scavenge_position', 0),
                                      ('scavenge_end', 0), ('scavenge_removed', 0);
