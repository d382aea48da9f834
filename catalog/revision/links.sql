-- catalog.db, version 6: labels go along with confirmed correspondences, so that a link that is confirmed,
-- or no more, changes what the engine is made from. What is merely proposed changes nothing.

DROP TRIGGER correspondence_insert;
DROP TRIGGER correspondence_update;
DROP TRIGGER correspondence_delete;

CREATE TRIGGER correspondence_insert AFTER INSERT ON correspondence WHEN new.state = 'confirmed' BEGIN
    UPDATE change SET number = number + 1 WHERE part IN ('engine', 'memory');
END;
CREATE TRIGGER correspondence_update AFTER UPDATE ON correspondence
WHEN 'confirmed' IN (old.state, new.state) BEGIN
    UPDATE change SET number = number + 1 WHERE part IN ('engine', 'memory');
END;
CREATE TRIGGER correspondence_delete AFTER DELETE ON correspondence WHEN old.state = 'confirmed' BEGIN
    UPDATE change SET number = number + 1 WHERE part IN ('engine', 'memory');
END;
