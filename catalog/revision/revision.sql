-- catalog.db, version 4: how the items of one revision go on in the next, and which revision is current.

-- Words that say the same in the names of items; replaced at a rebuild.
CREATE TABLE synonym (
    word    TEXT PRIMARY KEY,
    meaning TEXT NOT NULL                  -- the first word of its group
) STRICT;

-- A link between an item of an old revision and one of a new one. Items are kept by their names as
-- well as their keys, so that a link outlives a rebuild of the revisions.
CREATE TABLE correspondence (
    id             INTEGER PRIMARY KEY,
    old_revision   TEXT NOT NULL,
    old_department TEXT NOT NULL,          -- as printed; '' with the code: an added item
    old_code       TEXT NOT NULL,
    old_name       TEXT NOT NULL,
    new_revision   TEXT NOT NULL,
    new_department TEXT NOT NULL,          -- '' with the code: a removed item
    new_code       TEXT NOT NULL,
    new_name       TEXT NOT NULL,
    relation       TEXT NOT NULL CHECK (relation IN ('exact', 'renamed', 'recoded', 'moved',
                                        'split', 'merged', 'removed', 'added')),
    similarity     REAL NOT NULL,          -- of the names, 0 to 1
    confidence     REAL NOT NULL,          -- that the link is right, 0 to 1
    state          TEXT NOT NULL DEFAULT 'proposed'
        CHECK (state IN ('proposed', 'confirmed', 'rejected')),
    decided_by     TEXT NOT NULL DEFAULT '',
    decided_at     TEXT NOT NULL DEFAULT '',
    note           TEXT NOT NULL DEFAULT '',
    UNIQUE (old_revision, old_department, old_code, new_revision, new_department, new_code)
) STRICT;
CREATE INDEX correspondence_new ON correspondence (new_revision, new_department, new_code);

-- Everything that keepers did to correspondences and to the current revision, in order.
CREATE TABLE keeping (
    id   INTEGER PRIMARY KEY,
    at   TEXT NOT NULL,                    -- ISO date and time
    who  TEXT NOT NULL,
    what TEXT NOT NULL,                    -- confirm, correct, reject, use
    text TEXT NOT NULL
) STRICT;

-- The newest revision by which projects are judged; without a row the newest one that is held.
CREATE TABLE in_use (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    number TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TEXT NOT NULL
) STRICT;
