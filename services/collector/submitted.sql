-- results.db, version 7: which of a project's texts was handed in last, whichever is judged last.
ALTER TABLE project ADD COLUMN submitted INTEGER NOT NULL DEFAULT 0; -- number of the last request with it
