-- Access keys: who signs requests to the vendors' APIs, and what they did.

-- A key of no team is a site key. The secret is encrypted by a key that the
-- database does not hold.
CREATE TABLE access_keys (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL,
  user_id {key} NOT NULL REFERENCES users (id),
  name text NOT NULL,
  operations text NOT NULL,
  sealed {bytes} NOT NULL,
  disabled boolean NOT NULL DEFAULT false,
  expires_at {time},
  used_at {time},
  used_from text NOT NULL DEFAULT '',
  used_agent text NOT NULL DEFAULT '',
  used_for text NOT NULL DEFAULT '',
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL
);
CREATE INDEX access_keys_team ON access_keys (team_id, created_at DESC, id DESC);

CREATE TABLE access_tokens (
  token_hash {key} PRIMARY KEY,
  id {key} NOT NULL,
  key_id {key} NOT NULL REFERENCES access_keys (id) ON DELETE CASCADE,
  created_by {key} NOT NULL,
  creator_name text NOT NULL,
  created_at {time} NOT NULL,
  expires_at {time} NOT NULL
);
CREATE INDEX access_tokens_key ON access_tokens (key_id, created_at DESC, id DESC);

-- What signed requests must not say twice. No reference to the key: each
-- request adds a row, and a reference is looked up each time.
CREATE TABLE nonces (
  key_id {key} NOT NULL,
  nonce {key} NOT NULL,
  at {time} NOT NULL,
  PRIMARY KEY (key_id, nonce)
);
CREATE INDEX nonces_at ON nonces (at);

CREATE TABLE api_calls (
  id {key} PRIMARY KEY,
  key_id {key} NOT NULL REFERENCES access_keys (id) ON DELETE CASCADE,
  team_id {key} NOT NULL,
  at {time} NOT NULL,
  product text NOT NULL,
  operation text NOT NULL,
  status bigint NOT NULL,
  code text NOT NULL,
  took_micros bigint NOT NULL,
  request_id text NOT NULL,
  address text NOT NULL,
  agent text NOT NULL
);
CREATE INDEX api_calls_key ON api_calls (key_id, at DESC, id DESC);

ALTER TABLE orders ADD COLUMN key_id {key} NOT NULL DEFAULT '';

ALTER TABLE events ADD COLUMN agent text NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN key_id {key} NOT NULL DEFAULT '';
CREATE INDEX events_key ON events (team_id, key_id, at DESC, id DESC) WHERE key_id <> '';
