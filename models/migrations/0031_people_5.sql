-- When a person was last seen; and the lists of all teams and all accounts.
ALTER TABLE users ADD COLUMN seen_at {time};
UPDATE users SET seen_at = (SELECT MAX(seen_at) FROM sessions WHERE user_id = users.id);
CREATE INDEX teams_name ON teams (name, id);
CREATE INDEX teams_created ON teams (created_at, id);
CREATE INDEX users_name ON users (name, id);
CREATE INDEX users_created ON users (created_at, id);
