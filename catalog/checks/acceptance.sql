-- catalog.db: findings that a unit has accepted with a reason. They stay on record when withdrawn, and
-- rebuilds leave this table alone.
CREATE TABLE acceptance (
    number      INTEGER PRIMARY KEY,
    target      TEXT NOT NULL,             -- id of the project, or of the document (d-…)
    rule        TEXT NOT NULL,             -- as findings carry it
    field       TEXT NOT NULL,             -- of the finding; '' : every one of that rule
    reason      TEXT NOT NULL,
    accepted_by TEXT NOT NULL,
    accepted_at TEXT NOT NULL,             -- ISO date and time
    withdrawn_at     TEXT NOT NULL DEFAULT '', -- '' : in use
    withdrawn_by     TEXT NOT NULL DEFAULT '',
    withdrawn_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX acceptance_in_use ON acceptance (target, rule, field) WHERE withdrawn_at = '';
