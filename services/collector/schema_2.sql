-- results.db, version 2: the JSON of projects and results is packed (pack.h), which takes a third of
-- the room. unpacked(json) gives the text, of packed values and of those that version 1 had stored.

CREATE TABLE dictionary (
    number  INTEGER PRIMARY KEY,           -- as packed texts name it
    content BLOB NOT NULL
) STRICT;

CREATE TABLE project_2 (
    number       INTEGER PRIMARY KEY,
    id           TEXT NOT NULL,
    content_hash BLOB NOT NULL,            -- SHA-256 of the text
    unit         TEXT NOT NULL,
    json         ANY NOT NULL,             -- packed
    UNIQUE (id, content_hash)
) STRICT;
INSERT INTO project_2 SELECT number, id, content_hash, unit, json FROM project;

CREATE TABLE result_2 (
    number     INTEGER PRIMARY KEY,
    project    INTEGER NOT NULL REFERENCES project_2(number),
    origin     INTEGER NOT NULL REFERENCES origin(number),
    event      INTEGER NOT NULL,           -- the event that told of it
    department TEXT NOT NULL,
    decision   TEXT NOT NULL,              -- auto, review, none, error
    kind       TEXT NOT NULL,
    confidence REAL NOT NULL,
    findings   INTEGER NOT NULL,
    stored_at  INTEGER NOT NULL,           -- seconds since 1970
    json       ANY NOT NULL,               -- packed
    UNIQUE (project, origin)
) STRICT;
INSERT INTO result_2 SELECT number, project, origin, event, department, decision, kind, confidence,
    findings, stored_at, json FROM result;

CREATE TABLE event_2 (
    number INTEGER PRIMARY KEY,
    topic  TEXT NOT NULL,
    result INTEGER NOT NULL REFERENCES result_2(number)
) STRICT;
INSERT INTO event_2 SELECT number, topic, result FROM event;

DROP TABLE event;
DROP TABLE result;
DROP TABLE project;
ALTER TABLE project_2 RENAME TO project;
ALTER TABLE result_2 RENAME TO result;
ALTER TABLE event_2 RENAME TO event;
CREATE INDEX result_decision ON result (decision, department);
