-- Who changed an application last, and the token of the call that made it.

ALTER TABLE apps ADD COLUMN updater_name text NOT NULL DEFAULT '';
UPDATE apps SET updater_name = creator_name;
ALTER TABLE apps ADD COLUMN token {key};
CREATE UNIQUE INDEX apps_token ON apps (team_id, token);
