-- catalog.db, version 1: revisions, their items and labels, what an import found, regulations.

CREATE TABLE revision (
    number      TEXT PRIMARY KEY,          -- document number: 晋财综〔2021〕63号
    title       TEXT NOT NULL DEFAULT '',
    issued      TEXT NOT NULL DEFAULT '',  -- ISO date, or a year, or ''
    effective   TEXT NOT NULL DEFAULT '',  -- in force from this ISO date; '' unknown
    ended       TEXT NOT NULL DEFAULT '',  -- in force up to, without, this ISO date; '' still;
                                           -- a year alone when the day is not known
    repeals     TEXT NOT NULL DEFAULT '',  -- document number that it ended
    complete    INTEGER NOT NULL DEFAULT 1,-- 0: an excerpt; missing departments are not removed ones
    content     TEXT NOT NULL,             -- sha256 of the rows that were imported
    origin      TEXT NOT NULL DEFAULT 'import'
        CHECK (origin IN ('data', 'import')), -- 'data': from catalog/data, replaced at a rebuild
    imported_at TEXT NOT NULL
) STRICT;

-- (revision, department, code) is the key. B items stand in no department: department 'B'.
CREATE TABLE item (
    id          INTEGER PRIMARY KEY,
    revision    TEXT NOT NULL REFERENCES revision(number),
    department  TEXT NOT NULL,
    code        TEXT NOT NULL,
    level       INTEGER NOT NULL,          -- from the code's length: A=1, A15=2, A1502=3, A150201=4
    name        TEXT NOT NULL,
    parent      TEXT NOT NULL,             -- code of the parent, '' at level 1
    position    INTEGER NOT NULL,          -- order in the document
    line        INTEGER NOT NULL,          -- line of the source, 0 when completed
    restriction TEXT NOT NULL DEFAULT '',  -- '', 'only:部门;部门', 'not:部门'
    source      TEXT NOT NULL DEFAULT '',  -- where the item is attested, when not the document itself
    state       TEXT NOT NULL DEFAULT 'offered'
        CHECK (state IN ('offered', 'quarantine', 'completed'))
) STRICT;
-- Rows in quarantine stand outside the key: two doubtful rows of one key are both kept.
CREATE UNIQUE INDEX item_key ON item (revision, department, code) WHERE state <> 'quarantine';
CREATE INDEX item_code ON item (code);
CREATE INDEX item_doubtful ON item (revision, department, code) WHERE state = 'quarantine';

CREATE TABLE finding (
    id         INTEGER PRIMARY KEY,
    revision   TEXT NOT NULL REFERENCES revision(number),
    kind       TEXT NOT NULL,              -- import.name_missing, import.parent_missing …
    severity   TEXT NOT NULL CHECK (severity IN ('error', 'warning', 'info')),
    department TEXT NOT NULL,
    code       TEXT NOT NULL,
    name       TEXT NOT NULL DEFAULT '',
    line       INTEGER NOT NULL,
    message    TEXT NOT NULL,
    settled    TEXT NOT NULL DEFAULT ''    -- '', 'released', 'assigned:部门', by a keeper
) STRICT;
CREATE INDEX finding_revision ON finding (revision, line);

-- What a keeper decided about rows in quarantine; applied again when the revision is rebuilt.
CREATE TABLE settlement (
    id             INTEGER PRIMARY KEY,
    revision       TEXT NOT NULL,
    department     TEXT NOT NULL,          -- where the row is printed
    code           TEXT NOT NULL,
    line           INTEGER NOT NULL,
    new_department TEXT NOT NULL,          -- the same when released
    new_code       TEXT NOT NULL,          -- the same unless the printed one is a slip
    new_name       TEXT NOT NULL,          -- the same unless none is printed
    settled_at     TEXT NOT NULL
) STRICT;

-- Labels name an item by department and name, so that they hold in every revision which has it.
-- department is folded (folder_fold_utf8: half-width brackets, lower case, 'b' for class B): compare
-- it with the folded item.department. department '' with a level-3 code: a phrase for that kind of
-- work in every department.
CREATE TABLE label (
    department TEXT NOT NULL,
    code       TEXT NOT NULL,
    name       TEXT NOT NULL,              -- official name of the item
    kind       TEXT NOT NULL CHECK (kind IN ('alt', 'hidden', 'not')),
    text       TEXT NOT NULL,
    UNIQUE (department, name, kind, text)
) STRICT;

CREATE TABLE alias (                       -- a unit's name tells its department
    alias      TEXT NOT NULL,
    department TEXT NOT NULL,              -- '' : an organ without a department of its own
    weight     REAL NOT NULL,
    UNIQUE (alias, department)
) STRICT;

CREATE TABLE kind_phrase (                 -- what the money is for
    phrase TEXT NOT NULL,
    kind   TEXT NOT NULL,
    weight REAL NOT NULL,
    place  TEXT NOT NULL,                  -- any, name, body
    UNIQUE (phrase, kind, place)
) STRICT;

CREATE TABLE regulation (
    number   TEXT PRIMARY KEY,
    title    TEXT NOT NULL,
    issued   TEXT NOT NULL,
    in_force_from TEXT NOT NULL,
    status   TEXT NOT NULL,
    note     TEXT NOT NULL
) STRICT;

CREATE TABLE rule_file (                   -- catalog/data/rules, one row a file
    name    TEXT PRIMARY KEY,              -- code.zpl
    content TEXT NOT NULL
) STRICT;

CREATE TABLE model (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    hash    TEXT NOT NULL,                 -- sha256:… of model, labels, aliases and kinds
    content TEXT NOT NULL                  -- the weights, as in data/model.txt
) STRICT;

CREATE TABLE build (                       -- which state of catalog/data this file was built from
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    hash     TEXT NOT NULL,
    built_at TEXT NOT NULL
) STRICT;
