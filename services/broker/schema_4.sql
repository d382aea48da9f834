-- spool.db, version 4: which of two jobs was submitted first, however the clock is set in between.
ALTER TABLE job ADD COLUMN submitted INTEGER NOT NULL DEFAULT 0; -- µs since 1970, greater with each
UPDATE job SET submitted = accepted * 1000;
