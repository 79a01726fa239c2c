-- A call is found by the id of its request, and people may switch off the key "/".
CREATE INDEX api_calls_request ON api_calls (request_id);
ALTER TABLE users ADD COLUMN slash text NOT NULL DEFAULT '';
