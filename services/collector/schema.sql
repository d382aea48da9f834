-- results.db, version 1: what was submitted, what the engine said of it, and the numbered events.

-- A project as submitted. The same id with another text is another row.
CREATE TABLE project (
    number       INTEGER PRIMARY KEY,
    id           TEXT NOT NULL,
    content_hash BLOB NOT NULL,            -- BLAKE2b-256 of json
    unit         TEXT NOT NULL,
    json         TEXT NOT NULL,
    UNIQUE (id, content_hash)
) STRICT;

-- What a result was made by: so that it can be reproduced.
CREATE TABLE origin (
    number   INTEGER PRIMARY KEY,
    revision TEXT NOT NULL,                -- of the catalog; '' when none applied
    engine   TEXT NOT NULL,                -- version of the program
    model    TEXT NOT NULL,                -- sha256:…
    UNIQUE (revision, engine, model)
) STRICT;

-- One result for a project and an origin, however often its job ran.
CREATE TABLE result (
    number     INTEGER PRIMARY KEY,
    project    INTEGER NOT NULL REFERENCES project(number),
    origin     INTEGER NOT NULL REFERENCES origin(number),
    event      INTEGER NOT NULL,           -- the event that told of it
    department TEXT NOT NULL,
    decision   TEXT NOT NULL,              -- auto, review, none, error
    kind       TEXT NOT NULL,
    confidence REAL NOT NULL,
    findings   INTEGER NOT NULL,
    stored_at  INTEGER NOT NULL,           -- seconds since 1970
    json       TEXT NOT NULL,
    UNIQUE (project, origin)
) STRICT;
CREATE INDEX result_decision ON result (decision, department);

-- Numbered without a gap: a subscriber that misses one knows it.
CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    topic  TEXT NOT NULL,                  -- result.民政
    result INTEGER NOT NULL REFERENCES result(number)
) STRICT;
