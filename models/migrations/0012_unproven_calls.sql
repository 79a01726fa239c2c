-- Calls that somebody else than the key's owner may have sent.

ALTER TABLE api_calls ADD COLUMN unproven boolean NOT NULL DEFAULT false;
