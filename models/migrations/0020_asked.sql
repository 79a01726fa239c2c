-- Whether a team buys stores for a term that is paid in advance, which used to be
-- said of all teams at once; what an application was asked for with, to know a
-- repeat; which region a token of a storage call was for; and the tokens of the
-- forms that access keys and their tokens came from.

ALTER TABLE teams ADD COLUMN store_prepaid boolean NOT NULL DEFAULT true;
UPDATE teams SET store_prepaid = false WHERE EXISTS (SELECT 1 FROM settings WHERE name = 'stores_prepaid_off');
DELETE FROM settings WHERE name = 'stores_prepaid_off';

ALTER TABLE apps ADD COLUMN asked text NOT NULL DEFAULT '';

CREATE TABLE storage_tokens (
  team_id {key} NOT NULL,
  token {key} NOT NULL,
  region {key} NOT NULL,
  PRIMARY KEY (team_id, token)
);

ALTER TABLE access_keys ADD COLUMN token {key};
CREATE UNIQUE INDEX access_keys_token ON access_keys (team_id, token);

ALTER TABLE access_tokens ADD COLUMN token {key};
CREATE UNIQUE INDEX access_tokens_token ON access_tokens (key_id, token);
