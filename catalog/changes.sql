-- catalog.db, version 5: how often each part of it has changed, so that a program that holds it in memory
-- need take up no more than what is new. By triggers, so that no writer can forget it.

CREATE TABLE change (
    part   TEXT PRIMARY KEY,   -- engine: what the engine is made from; memory: other than by a new
                               -- review (withdrawn, confirmed correspondences); acceptance
    number INTEGER NOT NULL
) STRICT;
INSERT INTO change VALUES ('engine', 0), ('memory', 0), ('acceptance', 0);

CREATE TRIGGER revision_insert AFTER INSERT ON revision BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER revision_update AFTER UPDATE ON revision BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER revision_delete AFTER DELETE ON revision BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER item_insert AFTER INSERT ON item BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER item_update AFTER UPDATE ON item BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER item_delete AFTER DELETE ON item BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER label_insert AFTER INSERT ON label BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER label_update AFTER UPDATE ON label BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER label_delete AFTER DELETE ON label BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER alias_insert AFTER INSERT ON alias BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER alias_update AFTER UPDATE ON alias BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER alias_delete AFTER DELETE ON alias BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER kind_phrase_insert AFTER INSERT ON kind_phrase BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER kind_phrase_update AFTER UPDATE ON kind_phrase BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER kind_phrase_delete AFTER DELETE ON kind_phrase BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER regulation_insert AFTER INSERT ON regulation BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER regulation_update AFTER UPDATE ON regulation BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER regulation_delete AFTER DELETE ON regulation BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER rule_file_insert AFTER INSERT ON rule_file BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER rule_file_update AFTER UPDATE ON rule_file BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER rule_file_delete AFTER DELETE ON rule_file BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER synonym_insert AFTER INSERT ON synonym BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER synonym_update AFTER UPDATE ON synonym BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER synonym_delete AFTER DELETE ON synonym BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER model_insert AFTER INSERT ON model BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER model_update AFTER UPDATE ON model BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER model_delete AFTER DELETE ON model BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER in_use_insert AFTER INSERT ON in_use BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER in_use_update AFTER UPDATE ON in_use BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER in_use_delete AFTER DELETE ON in_use BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'engine';
END;
CREATE TRIGGER memory_update AFTER UPDATE ON memory BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'memory';
END;
CREATE TRIGGER memory_delete AFTER DELETE ON memory BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'memory';
END;
CREATE TRIGGER correspondence_insert AFTER INSERT ON correspondence BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'memory';
END;
CREATE TRIGGER correspondence_update AFTER UPDATE ON correspondence BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'memory';
END;
CREATE TRIGGER correspondence_delete AFTER DELETE ON correspondence BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'memory';
END;
CREATE TRIGGER acceptance_insert AFTER INSERT ON acceptance BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'acceptance';
END;
CREATE TRIGGER acceptance_update AFTER UPDATE ON acceptance BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'acceptance';
END;
CREATE TRIGGER acceptance_delete AFTER DELETE ON acceptance BEGIN
    UPDATE change SET number = number + 1 WHERE part = 'acceptance';
END;
