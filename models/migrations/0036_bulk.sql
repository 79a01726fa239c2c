-- What was done to several things at once, with what came of each, as JSON.
CREATE TABLE bulks (
  id {key} PRIMARY KEY,
  team_id {key} NOT NULL REFERENCES teams (id),
  user_id {key} NOT NULL,
  user_name text NOT NULL,
  kind {key} NOT NULL,
  action {key} NOT NULL,
  items text NOT NULL,
  at {time} NOT NULL
);
CREATE INDEX bulks_user ON bulks (user_id, team_id, at, id);
