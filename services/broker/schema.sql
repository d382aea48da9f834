-- spool.db, version 1: what the broker accepted and did not yet forget. A lease stands in no row: it
-- dies with the broker that gave it, so that every job that is not done is ready after a start.

CREATE TABLE job (
    id       INTEGER PRIMARY KEY,
    uuid     TEXT NOT NULL UNIQUE,      -- the receipt of 9/TSP: 32 hexadecimal digits
    key      TEXT UNIQUE,               -- idempotency key of the sender, or NULL
    service  TEXT NOT NULL,
    priority TEXT NOT NULL CHECK (priority IN ('interactive', 'bulk')),
    state    TEXT NOT NULL CHECK (state IN ('ready', 'done', 'dead')),
    attempts INTEGER NOT NULL,          -- leases that were lost with their worker
    due      INTEGER NOT NULL,          -- not to be leased before; this and all times: ms since 1970
    accepted INTEGER NOT NULL,
    finished INTEGER,                   -- done or dead since
    bytes    INTEGER NOT NULL,          -- of the body
    reason   TEXT NOT NULL DEFAULT ''   -- why it is dead
) STRICT;
CREATE INDEX job_ready ON job (id) WHERE state = 'ready';
CREATE INDEX job_done ON job (finished) WHERE state = 'done';
CREATE INDEX job_dead ON job (finished) WHERE state = 'dead';

-- The frames of a job's body: of the request while it is ready or dead, of the reply when it is done.
CREATE TABLE body (
    id      INTEGER PRIMARY KEY,
    job     INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    part    INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT;
CREATE INDEX body_job ON body (job, part);
