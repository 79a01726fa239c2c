-- What the people of a team and the files of a bucket are sorted by.
ALTER TABLE memberships ADD COLUMN user_name {key} NOT NULL DEFAULT '';
UPDATE memberships SET user_name = (SELECT name FROM users WHERE users.id = memberships.user_id);
CREATE INDEX memberships_name ON memberships (team_id, user_name, user_id);
CREATE INDEX memberships_joined ON memberships (team_id, created_at DESC, user_id DESC);
CREATE INDEX memberships_role ON memberships (team_id, role, user_name, user_id);
CREATE INDEX objects_size ON objects (bucket_id, size DESC, id DESC);
