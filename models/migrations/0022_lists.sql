-- What more lists are walked by.
CREATE INDEX api_calls_failed ON api_calls (key_id, at DESC, id DESC) WHERE code <> '';
