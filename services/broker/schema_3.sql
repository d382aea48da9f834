-- spool.db, version 3: what an idempotency key was used for, so that it is not taken for another request.
ALTER TABLE job ADD COLUMN content BLOB; -- BLAKE2b-128 of service and body; NULL without a key
