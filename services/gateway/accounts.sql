-- gateway.db, version 1: who may come in, and what each did. Written by the gateway, and by
-- `jinmu users` and `jinmu tokens`, one at a time under gateway.db.lock.

CREATE TABLE user (
    name       TEXT PRIMARY KEY,           -- sign-in name
    display    TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('submitter', 'reviewer', 'keeper', 'admin')),
    password   TEXT NOT NULL,              -- argon2id, as libsodium writes it
    disabled   INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,           -- all times: seconds since 1970
    last_seen  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE user_unit (                   -- whose projects a submitter sees and sends
    user TEXT NOT NULL REFERENCES user(name),
    unit TEXT NOT NULL,
    UNIQUE (user, unit)
) STRICT;

CREATE TABLE session (
    hash       BLOB PRIMARY KEY,           -- SHA-256 of the cookie's value
    user       TEXT NOT NULL REFERENCES user(name),
    csrf       TEXT NOT NULL,
    address    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires    INTEGER NOT NULL
) STRICT;

CREATE TABLE token (
    id         TEXT PRIMARY KEY,
    hash       BLOB NOT NULL UNIQUE,       -- SHA-256 of the token
    name       TEXT NOT NULL,              -- what it is for
    role       TEXT NOT NULL CHECK (role IN ('submitter', 'reviewer', 'keeper', 'admin')),
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used  INTEGER NOT NULL DEFAULT 0,
    expires    INTEGER NOT NULL DEFAULT 0, -- 0: never
    revoked_at INTEGER NOT NULL DEFAULT 0  -- 0: in use
) STRICT;

CREATE TABLE token_unit (
    token TEXT NOT NULL REFERENCES token(id),
    unit  TEXT NOT NULL,
    UNIQUE (token, unit)
) STRICT;

-- What was handed to the broker, so that the same Idempotency-Key gives the same receipt and a
-- receipt is shown to its owner alone.
CREATE TABLE submission (
    number      INTEGER PRIMARY KEY,
    who         TEXT NOT NULL,             -- user, or token:ID
    key         TEXT,                      -- Idempotency-Key; NULL: none
    body_hash   BLOB NOT NULL,             -- SHA-256
    receipt     TEXT,                      -- NULL: not accepted yet
    accepted_at INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    ids         TEXT NOT NULL,             -- JSON array of the projects' ids
    UNIQUE (who, key)
) STRICT;
CREATE UNIQUE INDEX submission_receipt ON submission (receipt) WHERE receipt IS NOT NULL;
CREATE INDEX submission_age ON submission (accepted_at);

CREATE TABLE audit (
    number  INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    who     TEXT NOT NULL,                 -- user, token:ID, or '' before sign-in
    role    TEXT NOT NULL,
    address TEXT NOT NULL,
    action  TEXT NOT NULL,                 -- session.open, review.store, user.add …
    object  TEXT NOT NULL,
    detail  TEXT NOT NULL,
    request TEXT NOT NULL                  -- id of the HTTP request, '' from the command line
) STRICT;
CREATE INDEX audit_who ON audit (who, number);
CREATE INDEX audit_object ON audit (object, number);
