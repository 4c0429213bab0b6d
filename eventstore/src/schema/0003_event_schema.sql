-- Every (type, schema version) that was ever appended. A log from before this table is read through once.
CREATE TABLE event_schema (type INTEGER NOT NULL, version INTEGER NOT NULL, first_position INTEGER NOT NULL,
                           PRIMARY KEY (type, version)) WITHOUT ROWID;
INSERT INTO store (key, value)
SELECT 'schemas_known', NOT EXISTS (SELECT 1 FROM chunk) AND NOT EXISTS (SELECT 1 FROM tail);
