-- results.db, version 2: what people decided about results, and the lists that the page shows.

CREATE TABLE review (
    number      INTEGER PRIMARY KEY,
    result      INTEGER NOT NULL REFERENCES result(number),
    version     INTEGER NOT NULL,          -- of the result, after this review: 1, 2 …
    decision    TEXT NOT NULL CHECK (decision IN ('accept', 'correct', 'reject')),
    department  TEXT NOT NULL,             -- the item's; '' without an item
    code        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    reviewer    TEXT NOT NULL,
    address     TEXT NOT NULL,             -- where the reviewer sat
    reviewed_at INTEGER NOT NULL,          -- seconds since 1970
    json        TEXT NOT NULL,             -- Review of the HTTP API
    UNIQUE (result, version)
) STRICT;
CREATE INDEX review_reviewer ON review (reviewer, reviewed_at);

-- An event of a review has both.
ALTER TABLE event ADD COLUMN review INTEGER REFERENCES review(number);

-- One narrow row a result, written after it when the collector has a moment: what lists filter by.
CREATE TABLE listed (
    result     INTEGER PRIMARY KEY REFERENCES result(number),
    event      INTEGER NOT NULL,
    project    INTEGER NOT NULL REFERENCES project(number),
    id         TEXT NOT NULL,              -- of the project
    name       TEXT NOT NULL,
    unit       TEXT NOT NULL,
    year       INTEGER,
    amount     REAL,                       -- yuan
    catalog    TEXT NOT NULL,
    department TEXT NOT NULL,
    decision   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    confidence REAL NOT NULL,
    code       TEXT NOT NULL,              -- of the first candidate
    item       TEXT NOT NULL,
    findings   INTEGER NOT NULL,
    severity   INTEGER NOT NULL,           -- of the worst finding: 3 error, 2 warning, 1 info, 0 none
    stored_at  INTEGER NOT NULL,
    state      TEXT NOT NULL DEFAULT 'open',
    version    INTEGER NOT NULL DEFAULT 0,
    superseded INTEGER NOT NULL DEFAULT 0  -- a newer result of the unit's project of this id exists
) STRICT;
CREATE INDEX listed_id ON listed (id, unit);
CREATE INDEX listed_unit ON listed (unit, result);
CREATE INDEX listed_code ON listed (catalog, department, code);

CREATE TABLE listed_finding (
    rule     TEXT NOT NULL,
    result   INTEGER NOT NULL REFERENCES listed(result),
    severity INTEGER NOT NULL,
    count    INTEGER NOT NULL,             -- how often in this result
    PRIMARY KEY (rule, result, severity)
) STRICT, WITHOUT ROWID;

CREATE TABLE progress (                    -- how far what follows the results has come
    what   TEXT PRIMARY KEY,               -- 'remembered': reviews in the memory of catalog.db
    number INTEGER NOT NULL
) STRICT;
