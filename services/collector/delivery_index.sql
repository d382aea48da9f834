-- results.db, version 6: how many deliveries were given up is asked again and again.
CREATE INDEX delivery_failed ON delivery (webhook) WHERE state = 'failed';
