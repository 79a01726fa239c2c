-- What lists count by stands in the index that they walk; what nothing walks is not
-- kept; and which plans buckets draw from is known without their types.
DROP INDEX plans_state;
CREATE INDEX plans_state ON plans (team_id, settled, created_at DESC, id DESC, settled_until);
DROP INDEX plans_ends;
CREATE INDEX plans_ends ON plans (team_id, ends_at, id, held);

ALTER TABLE plans ADD COLUMN storage boolean NOT NULL DEFAULT false;
UPDATE plans SET storage = true WHERE package_type IN (SELECT code FROM package_types WHERE item = 'storage');
CREATE INDEX plans_storage ON plans (team_id, ends_at, id) WHERE storage;

DROP INDEX orders_team;
DROP INDEX orders_token;
CREATE UNIQUE INDEX orders_token ON orders (team_id, token) WHERE token IS NOT NULL;

DROP INDEX events_subject;
CREATE INDEX events_subject ON events (team_id, subject_id, at DESC, id DESC) WHERE kind <> 'order';

{sqlite} DROP INDEX nonces_at;

DROP INDEX api_calls_key;
CREATE INDEX api_calls_key ON api_calls (key_id, at DESC, id DESC, unproven);
DROP INDEX api_calls_failed;
CREATE INDEX api_calls_failed ON api_calls (key_id, at DESC, id DESC, code) WHERE code <> '';
