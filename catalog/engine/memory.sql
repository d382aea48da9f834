-- catalog.db, version 2: what people decided about projects, by which the like are decided.

-- The item is kept by its names, not by reference: a memory outlives the revision that it was made
-- under, and serves every revision that offers the same item. Rebuilds leave this table alone.
CREATE TABLE memory (
    id          TEXT PRIMARY KEY,          -- of the review
    content     TEXT NOT NULL,             -- sha256 of the review as it came in
    project     TEXT NOT NULL,             -- id of the project, '' when it had none
    revision    TEXT NOT NULL,             -- document number of the catalog it was judged by
    decision    TEXT NOT NULL CHECK (decision IN ('accept', 'correct', 'reject')),
    department  TEXT NOT NULL,             -- the item's, as printed; 'B'; '' without an item
    code        TEXT NOT NULL,             -- '' without an item
    item        TEXT NOT NULL,             -- the item's name
    kind        TEXT NOT NULL              -- '' : the answer was rejected and none given
        CHECK (kind IN ('', 'service', 'goods', 'works', 'personnel', 'subsidy', 'internal')),
    unit        TEXT NOT NULL,
    unit_department TEXT NOT NULL,         -- the department above it, as the project names it
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    rest        TEXT NOT NULL,             -- JSON: the project's other members
    reviewer    TEXT NOT NULL,
    reviewed_at TEXT NOT NULL,             -- ISO date and time
    reason      TEXT NOT NULL,
    withdrawn_at     TEXT NOT NULL DEFAULT '', -- '' : in use
    withdrawn_by     TEXT NOT NULL DEFAULT '',
    withdrawn_reason TEXT NOT NULL DEFAULT '',
    CHECK ((code = '') = (department = '') AND (code = '' OR kind = 'service'))
) STRICT;
CREATE INDEX memory_newest ON memory (reviewed_at DESC, id) WHERE withdrawn_at = '';
