-- results.db, version 4: webhooks. An event is in the outbox from the commit that holds its result: a
-- webhook's cursor says which events it still has to get. `delivery` holds those that are on their way
-- and the log of those that were.

CREATE TABLE webhook (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT NOT NULL UNIQUE,
    url             TEXT NOT NULL,
    events          TEXT NOT NULL,         -- JSON array of types
    departments     TEXT NOT NULL,         -- JSON array; empty: all
    created_at      INTEGER NOT NULL,      -- seconds since 1970
    cursor          INTEGER NOT NULL,      -- the last event that was taken up
    disabled        INTEGER NOT NULL DEFAULT 0,
    disabled_reason TEXT NOT NULL DEFAULT '',
    not_before      INTEGER NOT NULL DEFAULT 0, -- the receiver wants to rest until then
    removed         INTEGER NOT NULL DEFAULT 0  -- its deliveries go bit by bit, then it goes
) STRICT;

CREATE TABLE webhook_secret (
    number  INTEGER PRIMARY KEY,
    webhook INTEGER NOT NULL REFERENCES webhook(number),
    secret  TEXT NOT NULL,                 -- whsec_…
    ends_at INTEGER                        -- of one that was replaced
) STRICT;

CREATE TABLE delivery (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook  INTEGER NOT NULL REFERENCES webhook(number),
    event    INTEGER REFERENCES event(number), -- NULL: a test
    project  TEXT NOT NULL,                -- id, or the topic of a notice: one after the other
    type     TEXT NOT NULL,                -- result.stored, review.stored, reclassify.begun, …
    state    TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,   -- in all
    tries    INTEGER NOT NULL DEFAULT 0,   -- of the schedule; sending again begins a new one
    due_at   INTEGER NOT NULL DEFAULT 0,
    made_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_due ON delivery (webhook, due_at, number) WHERE state = 'pending';
CREATE INDEX delivery_order ON delivery (webhook, project, number) WHERE state = 'pending';
CREATE INDEX delivery_log ON delivery (webhook, number);
CREATE INDEX delivery_done ON delivery (number) WHERE state <> 'pending';

CREATE TABLE delivery_attempt (
    delivery INTEGER NOT NULL REFERENCES delivery(number) ON DELETE CASCADE,
    attempt  INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    status   INTEGER,                      -- HTTP; NULL: there was no answer
    error    TEXT NOT NULL,
    took_ms  INTEGER NOT NULL,
    PRIMARY KEY (delivery, attempt)
) STRICT, WITHOUT ROWID;
