-- results.db, version 5: events that tell of no single result: that stored projects are judged again,
-- and what came of it (topic reclassify.<revision>).

CREATE TABLE event_5 (
    number INTEGER PRIMARY KEY,
    topic  TEXT NOT NULL,                  -- result.民政, review.民政, reclassify.晋财综〔2025〕28号
    result INTEGER REFERENCES result(number),
    review INTEGER REFERENCES review(number),
    notice TEXT,                           -- JSON, in place of a result
    CHECK ((result IS NULL) = (notice IS NOT NULL))
) STRICT;
INSERT INTO event_5 (number, topic, result, review) SELECT number, topic, result, review FROM event;
DROP TABLE event;
ALTER TABLE event_5 RENAME TO event;
