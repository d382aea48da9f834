-- spool.db, version 2: deadlines, and jobs in parts. A batch that loses its workers is cut into jobs
-- of its parts; it waits, without a body, until none of them is left to do.

CREATE TABLE job_2 (
    id       INTEGER PRIMARY KEY,
    uuid     TEXT NOT NULL UNIQUE,      -- the receipt of 9/TSP: 32 hexadecimal digits
    key      TEXT UNIQUE,               -- idempotency key of the sender, or NULL
    service  TEXT NOT NULL,
    priority TEXT NOT NULL CHECK (priority IN ('interactive', 'bulk')),
    state    TEXT NOT NULL CHECK (state IN ('ready', 'split', 'done', 'dead')),
    attempts INTEGER NOT NULL,          -- leases that were lost with their worker
    due      INTEGER NOT NULL,          -- not to be leased before; this and all times: ms since 1970
    deadline INTEGER NOT NULL DEFAULT 0,-- not to be leased after; 0: none
    accepted INTEGER NOT NULL,
    finished INTEGER,                   -- done or dead since
    bytes    INTEGER NOT NULL,          -- of the body
    reason   TEXT NOT NULL DEFAULT '',  -- why it is dead
    parent   INTEGER REFERENCES job (id) ON DELETE SET NULL, -- the batch of which this is a part
    part     INTEGER NOT NULL DEFAULT 0 -- which: the number of its first project in that batch
) STRICT;
INSERT INTO job_2 (id, uuid, key, service, priority, state, attempts, due, accepted, finished, bytes,
                   reason)
    SELECT id, uuid, key, service, priority, state, attempts, due, accepted, finished, bytes, reason
    FROM job;
DROP TABLE job;
ALTER TABLE job_2 RENAME TO job;
CREATE INDEX job_ready ON job (id) WHERE state = 'ready';
CREATE INDEX job_done ON job (finished) WHERE state = 'done';
CREATE INDEX job_dead ON job (finished) WHERE state = 'dead';
CREATE INDEX job_part ON job (parent, part) WHERE parent IS NOT NULL;
